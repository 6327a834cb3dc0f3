"""A Llama of about as many weights as burble's 2 x 256, with random ones, as a GGUF file.

    python benchmarks/rivals/llama_model.py FILE

For servers that are built on llama.cpp (see `python -m benchmarks serving --help`); needs the
package gguf and nothing of burble. Its tokens are single characters.
"""

import sys
from collections.abc import Sequence
from typing import Any

import gguf
import numpy as np

LAYERS, WIDTH, HEADS, INNER, CONTEXT = 4, 128, 4, 384, 4096
FIRST, SYMBOLS = 58, 65
"""Its characters, as those of the models of the benchmark."""


def main() -> None:
    """Writes the file."""
    writer = gguf.GGUFWriter(sys.argv[1], "llama")
    add_tensors(writer, add_settings(writer))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def add_settings(writer: Any) -> list[gguf.TokenType]:
    """Adds its shape and its tokens; returns what each token is."""
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    special = ["<unk>", "<s>", "</s>"]
    bytes_ = [f"<0x{number:02X}>" for number in range(256)]
    tokens = [*special, *bytes_, *map(chr, range(FIRST, FIRST + SYMBOLS))]
    kinds = [gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL]
    kinds += [gguf.TokenType.BYTE] * len(bytes_) + [gguf.TokenType.NORMAL] * SYMBOLS
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_space_prefix(False)
    return kinds


def add_tensors(writer: Any, kinds: Sequence[gguf.TokenType]) -> None:
    """Adds random weights, for tokens of some kinds."""
    rng = np.random.default_rng(0)

    def add(name: str, *shape: int) -> None:
        weights = np.ones(shape) if len(shape) == 1 else rng.normal(0, 0.05, shape)
        writer.add_tensor(f"{name}.weight", weights.astype(np.float32))

    # One number of the hidden state is large in each token, and by it all that is no character gets
    # a low logit: that would end a text, or be no letter of one.
    embedding = rng.normal(0, 0.5, (len(kinds), WIDTH)).astype(np.float32)
    embedding[:, 0] = 8.0
    writer.add_tensor("token_embd.weight", embedding)
    for layer in range(LAYERS):
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            add(f"blk.{layer}.{name}", WIDTH, WIDTH)
        add(f"blk.{layer}.ffn_gate", INNER, WIDTH)
        add(f"blk.{layer}.ffn_up", INNER, WIDTH)
        add(f"blk.{layer}.ffn_down", WIDTH, INNER)
        add(f"blk.{layer}.attn_norm", WIDTH)
        add(f"blk.{layer}.ffn_norm", WIDTH)
    add("output_norm", WIDTH)
    output = rng.normal(0, 0.3, (len(kinds), WIDTH)).astype(np.float32)
    output[:, 0] = np.where(np.array(kinds) == gguf.TokenType.NORMAL, 1.0, -1.0)
    writer.add_tensor("output.weight", output)


if __name__ == "__main__":
    main()
