"""A small character Transformer in PyTorch, by nanoGPT's recipe for computers without a GPU.

4 layers, 4 heads, 128 wide, 64 characters of context, batches of 12, 2,000 steps of AdamW with
warm-up and cosine from 1e-3, no dropout.
"""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

LAYERS, HEADS, WIDTH, CONTEXT, BATCH, STEPS = 4, 4, 128, 64, 12, 2_000
RATE, LAST_RATE, WARMUP = 1e-3, 1e-4, 100


class Block(nn.Module):
    """Attention and a feed-forward part, each after a norm and added to what came in."""

    def __init__(self) -> None:
        """Makes the layers, without biases."""
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH, bias=False) for _ in range(2))
        self.attend = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.join = nn.Linear(WIDTH, WIDTH, bias=False)
        self.feed = nn.Sequential(
            nn.Linear(WIDTH, 4 * WIDTH, bias=False),
            nn.GELU(),
            nn.Linear(4 * WIDTH, WIDTH, bias=False),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From (B, T, WIDTH) to the same shape."""
        batch, length, _ = x.shape
        parts = self.attend(self.norms[0](x)).split(WIDTH, dim=2)
        q, k, v = (p.view(batch, length, HEADS, -1).transpose(1, 2) for p in parts)
        seen = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.join(seen.transpose(1, 2).reshape(batch, length, WIDTH))
        return x + self.feed(self.norms[1](x))


class Transformer(nn.Module):
    """Ids (B, T) to logits (B, T, V); the output shares the embedding's weights."""

    def __init__(self, size: int) -> None:
        """Draws weights with a standard deviation of 0.02, smaller where they are added up."""
        super().__init__()
        self.embedding = nn.Embedding(size, WIDTH)
        self.places = nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.Sequential(*(Block() for _ in range(LAYERS)))
        self.norm = nn.LayerNorm(WIDTH, bias=False)
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                added_up = name.endswith(("join.weight", "feed.2.weight"))
                nn.init.normal_(weight, 0, 0.02 / (math.sqrt(2 * LAYERS) if added_up else 1))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Logits."""
        x = self.embedding(ids) + self.places(torch.arange(ids.shape[1]))
        return self.norm(self.blocks(x)) @ self.embedding.weight.T


def train(ids: NDArray[np.integer], size: int, steps: int = STEPS) -> Transformer:
    """Trains on random windows of a text (N,)."""
    torch.manual_seed(0)
    model = Transformer(size)
    text = torch.tensor(ids.astype(np.int64))
    matrices = [p for p in model.parameters() if p.dim() == 2]
    norms = [p for p in model.parameters() if p.dim() < 2]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": norms, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=RATE, betas=(0.9, 0.99))
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate(step)
        starts = torch.randint(len(text) - CONTEXT, (BATCH,))
        windows = torch.stack([text[i : i + CONTEXT + 1] for i in starts])
        logits = model(windows[:, :-1])
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


def rate(step: int) -> float:
    """The step size: a straight warm-up, then half a cosine down to `LAST_RATE`."""
    if step < WARMUP:
        return RATE * (step + 1) / (WARMUP + 1)
    done = (step - WARMUP) / (STEPS - WARMUP)
    return LAST_RATE + (RATE - LAST_RATE) * (1 + math.cos(math.pi * done)) / 2


@torch.inference_mode()
def score(model: Transformer, ids: NDArray[np.integer]) -> float:
    """Mean loss in nats on a text, in windows of the model's context, side by side."""
    text = torch.tensor(ids.astype(np.int64))
    count = (len(text) - 1) // CONTEXT
    inputs = text[: count * CONTEXT].view(count, CONTEXT)
    targets = text[1 : count * CONTEXT + 1].view(count, CONTEXT)
    total = 0.0
    for at in range(0, count, 64):
        logits = model(inputs[at : at + 64])
        losses = nn.functional.cross_entropy(
            logits.flatten(0, 1), targets[at : at + 64].flatten(), reduction="sum"
        )
        total += losses.item()
    return total / (count * CONTEXT)
