"""Texts as ids of symbols, and back. Knows nothing of how either is written on."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from burble.inference.generator import Generator
from burble.inference.prompts import prepare_ids, prepare_prompt
from burble.settings import require
from burble.web.bodies import read_json
from burble.web.parameters import MOST_CHARACTERS, MOST_PROMPT, are_ids, take_flag, take_text

FIELDS = {
    "tokenize": ("model", "prompt", "content", "unknown", "add_special_tokens"),
    "detokenize": ("model", "tokens"),
}


async def tokenize(request: Request) -> Response:
    """`POST /tokenize`: the ids of a text, as a prompt is read."""
    given = await read_json(request)
    check_names(given, FIELDS["tokenize"])
    both = "prompt" in given and "content" in given
    require(not both, "content", given.get("content"), "left out where there is a prompt")
    text = take_text(given, "content") if "content" in given else take_text(given, "prompt")
    require(text is not None, "prompt", text, "a text")
    require(len(text or "") <= MOST_PROMPT, "prompt", "a text", f"of at most {MOST_PROMPT:,}")
    with_edge = take_flag(given, "add_special_tokens")
    model = (await load(request, take_text(given, "model"))).model
    ready = await run_in_threadpool(
        prepare_prompt, text or "", model, given.get("unknown", "error")
    )
    vocabulary = model.vocabulary
    # A model of documents reads their edge before a text, and what parts them within it.
    read = ready.ids.tolist() if ready.text or vocabulary.boundary else []
    ids = read if with_edge or not vocabulary.boundary else read[1:]
    names = (*vocabulary.names, model.separator)
    symbols = [names[one] for one in ids]
    if ids and ids[0] == vocabulary.boundary_id and with_edge:
        symbols[0] = ""
    return JSONResponse(
        {
            "tokens": ids,
            "token_strs": symbols,
            "count": len(ids),
            "max_model_len": MOST_PROMPT + MOST_CHARACTERS,
        }
    )


async def show_tokenizer(request: Request) -> Response:
    """`GET /tokenizer_info`: of the first model, for evaluators that ask which symbols there are.

    What is given nothing begins after a line's end, so that is what stands before a text.
    """
    vocabulary = (await load(request, None)).model.vocabulary
    edge = "\n" if "\n" in vocabulary.ids else None
    return JSONResponse(
        {
            "tokenizer_class": "burble",
            "unit": vocabulary.unit,
            "vocab_size": vocabulary.size,
            "bos_token": edge,
            "eos_token": edge,
            "pad_token": None,
        }
    )


async def detokenize(request: Request) -> Response:
    """`POST /detokenize`: the text of ids."""
    given = await read_json(request)
    check_names(given, FIELDS["detokenize"])
    ids: Any = given.get("tokens")
    require(are_ids(ids), "tokens", ids, f"a list of ids, at most {MOST_PROMPT:,}")
    require(len(ids) <= MOST_PROMPT, "tokens", len(ids), f"at most {MOST_PROMPT:,} ids")
    generator = await load(request, take_text(given, "model"))
    text = prepare_ids(ids, generator.model).text
    return JSONResponse({"prompt": text, "content": text})


async def load(request: Request, name: str | None) -> Generator:
    """A model, loaded without holding up other requests."""
    generator: Generator = await run_in_threadpool(request.app.state.models.generator, name)
    return generator


def check_names(given: dict[str, Any], known: tuple[str, ...]) -> None:
    """Refuses fields that would be dropped."""
    for name in given:
        require(name in known, name[:60], given[name], f"left out; there are {', '.join(known)}")
