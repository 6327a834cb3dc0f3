"""The network in a file that Keras wrote, as far as the file itself tells it. Knows no text.

How many layers there are, of how many units, and what enters them, the arrays tell. How many
symbols it reads at a time stands in a description alone, which files of weights do not have.
"""

from dataclasses import dataclass
from pathlib import Path

from burble.errors import ModelFileError
from burble.exchange import keras_config
from burble.exchange.keras_config import IMPORTABLE
from burble.exchange.keras_file import KerasFile, Parts, count_columns, count_rows
from burble.formatting import some
from burble.settings import Input, Settings, make_settings


@dataclass(frozen=True)
class FoundNetwork:
    """A network.

    Attributes:
        layers: Its LSTM layers.
        units: Units of the first, as all should have.
        input: How a symbol enters it.
        symbols: How many it knows.
        window: How many symbols it reads at a time; 0 where its state is carried on; None where
            that is not known.
    """

    layers: int
    units: int
    input: Input
    symbols: int
    window: int | None

    def __str__(self) -> str:
        """What it is, for a person."""
        return (
            f"a network of {some(self.layers, 'LSTM layer')} of {some(self.units, 'unit')} that "
            f"knows {some(self.symbols, 'symbol')}"
        )

    def make_settings(self, window: int, *, lowercase: bool) -> Settings:
        """The settings of a training that makes such a network."""
        framing = {"framing": "windows", "length": window} if window else {"framing": "streams"}
        shape = {"layers": self.layers, "units": self.units, "input": self.input, "ensemble": 1}
        # Nobody knows what there was.
        dropout = dict.fromkeys(("dropout_input", "dropout", "dropout_output"), 0.0)
        return make_settings({**framing, **shape, **dropout, "lowercase": lowercase})


def find_network(file: KerasFile) -> FoundNetwork:
    """The network of a file.

    Raises:
        ModelFileError: It is none whose weights can be imported.
    """
    window: int | None = None
    if file.config is not None:
        told = keras_config.read_network(file.config, file.path)
        window = 0 if told.stateful else told.window
    tops = [parts for name, parts in file.layers.items() if name not in file.recurrent]
    if not file.recurrent or len(tops) != 1:
        raise ModelFileError(
            f"{file.path} holds {len(file.recurrent)} recurrent and {len(tops)} other layers with "
            f"weights. {IMPORTABLE}"
        )
    for name in file.recurrent:
        refuse_other_cells(file.layers[name], name, file.path)
    first = file.layers[file.recurrent[0]]
    symbols, width = count_columns(tops[0], "kernel"), count_rows(first, "kernel")
    if width not in (1, symbols):
        raise ModelFileError(
            f"the first layer of {file.path} reads {some(width, 'number')} of each symbol, neither "
            f"one nor as many as its {some(symbols, 'symbol')}. {IMPORTABLE}"
        )
    return FoundNetwork(
        layers=len(file.recurrent),
        units=count_rows(first, "recurrent_kernel"),
        input="scalar" if width == 1 else "onehot",
        symbols=symbols,
        window=window,
    )


def refuse_other_cells(parts: Parts, layer: str, path: Path) -> None:
    """Refuses a layer that is no LSTM, to go by its shape."""
    whole = parts["recurrent_kernel"].get("")
    units, columns = whole.shape if whole and len(whole.shape or ()) == 2 else (0, 0)
    kinds = {units: "SimpleRNN", 3 * units: "GRU"}
    if columns and (kind := kinds.get(columns)):
        raise ModelFileError(
            f"the layer {layer!r} of {path} is a {kind}, to go by its shape. {IMPORTABLE}"
        )
