"""The character RNN of char-rnn, in PyTorch: embedding, `nn.LSTM`, linear layer.

Adam, gradients clipped to 5, truncated backpropagation with the state carried from chunk to chunk;
the usual loop for writing: one character in, softmax, one draw.
"""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

EMBEDDING = 64


class CharRNN(nn.Module):
    """Ids (B, T) and state to logits (B, T, V) and state."""

    def __init__(self, size: int, layers: int, units: int) -> None:
        """Default weights, as PyTorch draws them."""
        super().__init__()
        self.embedding = nn.Embedding(size, EMBEDDING)
        self.lstm = nn.LSTM(EMBEDDING, units, layers, batch_first=True)
        self.output = nn.Linear(units, size)

    def forward(self, ids: torch.Tensor, state: object = None) -> tuple[torch.Tensor, object]:
        """Logits and the state after them."""
        below, state = self.lstm(self.embedding(ids), state)
        return self.output(below), state

    def take(self, weights: dict[str, NDArray[np.float32]], layers: int) -> None:
        """Takes the weights of a burble model, which has the gates in the same order."""
        named = {
            "embedding.weight": weights["embedding"],
            "output.weight": weights["output.kernel"].T,
            "output.bias": weights["output.bias"],
        }
        for i in range(layers):
            named[f"lstm.weight_ih_l{i}"] = weights[f"layer{i}.kernel"].T
            named[f"lstm.weight_hh_l{i}"] = weights[f"layer{i}.recurrent"].T
            named[f"lstm.bias_ih_l{i}"] = weights[f"layer{i}.bias"]
            named[f"lstm.bias_hh_l{i}"] = 0 * weights[f"layer{i}.bias"]
        self.load_state_dict({n: torch.tensor(np.ascontiguousarray(a)) for n, a in named.items()})


class Training:
    """Steps of training on contiguous streams.

    Args:
        model: The network.
        ids: The text, shape (N,).
        batch: B, streams.
        length: T, characters a step.
    """

    def __init__(self, model: CharRNN, ids: NDArray[np.integer], batch: int, length: int) -> None:
        """Cuts the text into streams."""
        self.model = model
        self._optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
        self._chunks = chunks(torch.tensor(ids.astype(np.int64)), batch, length)
        self._state: object = None

    def step(self) -> float:
        """One step; its loss in nats."""
        inputs, targets = next(self._chunks)
        logits, state = self.model(inputs, self._state)
        self._state = tuple(part.detach() for part in state)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self._optimizer.step()
        return float(loss.item())


def chunks(
    ids: torch.Tensor, batch: int, length: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Inputs and targets (B, T), again and again."""
    each = (len(ids) - 1) // batch
    inputs = ids[: batch * each].reshape(batch, each)
    targets = ids[1 : batch * each + 1].reshape(batch, each)
    while True:
        for at in range(0, each - length + 1, length):
            yield inputs[:, at : at + length], targets[:, at : at + length]


@torch.inference_mode()
def write(model: CharRNN, length: int, temperature: float = 1.0) -> list[int]:
    """Draws `length` characters, one after the other."""
    ids = torch.zeros((1, 1), dtype=torch.int64)
    state, drawn = None, []
    for _ in range(length):
        logits, state = model(ids, state)
        chances = torch.softmax(logits[0, -1] / temperature, -1)
        ids = torch.multinomial(chances, 1)[None]
        drawn.append(ids.item())
    return drawn
