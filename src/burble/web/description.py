"""The OpenAPI description of the API. Knows what `parameters` takes, and nothing of how.

What it says of limits is read from where they are checked.
"""

from typing import Any

from burble import __version__
from burble.inference.settings import WritingSettings
from burble.web.parameters import (
    IDLE,
    LONGEST_STOP,
    MOST_CHARACTERS,
    MOST_PROMPT,
    MOST_STOPS,
    MOST_TEXTS,
    MOST_WRITTEN,
    NEUTRAL,
)

Schema = dict[str, Any]
ERRORS = {
    400: "What was asked cannot be: a field that is not supported, or a value it cannot have.",
    401: "The api key is missing, or another one.",
    403: "The request came from a page elsewhere, or was meant for another host.",
    404: "There is no such model, or no such place.",
    405: "There is no such method here.",
    408: "The body took too long to arrive.",
    413: "The body is too large.",
    415: "The body is not declared as JSON.",
    422: "This model cannot do it, such as read a character it never saw.",
    429: "Too many texts are waiting; try again after `Retry-After`.",
    500: "Something went wrong in the server.",
    503: "The server is stopping, or the answer took too long.",
}
TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
FLAG: Schema = {"type": "boolean", "default": False}
IDS: Schema = {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 1}
PROMPT: Schema = {
    "description": "What to go on from: a text or several, or ids of symbols (see /tokenize). "
    f"All together have at most {MOST_PROMPT:,} characters or ids.",
    "anyOf": [
        {"type": "string", "maxLength": MOST_PROMPT},
        {"type": "array", "items": TEXT, "minItems": 1, "maxItems": MOST_TEXTS},
        IDS | {"maxItems": MOST_PROMPT},
        {
            "type": "array",
            "items": {key: value for key, value in IDS.items() if key != "minItems"},
            "minItems": 1,
            "maxItems": MOST_TEXTS,
        },
    ],
}
STOP: Schema = {"type": "string", "minLength": 1, "maxLength": LONGEST_STOP}
MODEL = TEXT | {
    "description": "The name of a model, or names with + between them; the first if none."
}
UNKNOWN: Schema = {
    "description": "What to do with symbols of the prompt that the model never saw.",
    "enum": ["error", "skip", "nearest"],
    "default": "error",
}


def _between(least: float, most: float, described: str, kind: Schema = NUMBER) -> Schema:
    """A number within bounds."""
    return kind | {"minimum": least, "maximum": most, "description": described}


def _list_of(items: Schema, **more: Any) -> Schema:
    """A list."""
    return {"type": "array", "items": items, **more}


def _fields(properties: dict[str, Schema], required: list[str] | None = None) -> Schema:
    """The fields of a request, each of which may be null; others may be nothing else."""
    needed = required or []
    return {
        "type": "object",
        "properties": {
            name: schema if name in needed else _or_null(schema)
            for name, schema in properties.items()
        },
        "required": needed,
        "additionalProperties": {"type": "null"},
    }


def _or_null(schema: Schema) -> Schema:
    """A value, or null, which counts as absent."""
    if "enum" in schema:
        return schema | {"enum": [*schema["enum"], None]}
    described = {key: schema[key] for key in ("description", "default") if key in schema}
    bare = {key: value for key, value in schema.items() if key not in described}
    return described | {"anyOf": [bare, {"type": "null"}]}


def _completion_request() -> Schema:
    """What `parse_completions` takes."""
    unseen = "Only symbols at least this many times as likely as the likeliest are possible."
    written = f"New characters at most; all texts of a request have at most {MOST_WRITTEN:,}."
    labels = [TEXT, _list_of(TEXT), {"type": "object", "additionalProperties": TEXT}]
    properties = {
        "model": MODEL,
        "prompt": PROMPT,
        "max_tokens": _between(0, MOST_CHARACTERS, written, WHOLE)
        | {"default": WritingSettings.length},
        "temperature": NUMBER | {"minimum": 0, "description": "0 takes the likeliest."},
        "top_p": _between(0, 1, "Only the likeliest symbols that together reach this."),
        "n": _between(1, MOST_TEXTS, "Texts from each prompt.", WHOLE) | {"default": 1},
        "best_of": _between(1, MOST_TEXTS, "As many as n.", WHOLE),
        "stop": {"anyOf": [STOP, _list_of(STOP, maxItems=MOST_STOPS)]},
        "seed": WHOLE | {"minimum": -1, "description": "The same writes the same; -1 is none."},
        "stream": FLAG,
        "stream_options": _fields({"include_usage": FLAG}) | {"description": "With stream alone."},
        "echo": FLAG | {"description": "The prompt comes back before the text."},
        "logprobs": WHOLE | {"minimum": -1, "description": "How many likeliest; -1 is all."},
        "user": TEXT | {"description": "Changes nothing."},
        "mix": _list_of(NUMBER | {"minimum": 0}) | {"description": "Weights of several models."},
        "top_k": WHOLE | {"minimum": -1, "description": "Likeliest symbols; 0 and -1 are all."},
        "min_p": _between(0, 1, unseen),
        "memory": _between(0, 1, "Weight of the n-gram model beside the model."),
        "words": {"enum": ["any", "known"], "default": "any"},
        "novel": WHOLE | {"minimum": 0, "description": "Copies no longer passage than this."},
        "label": {"anyOf": labels, "description": "COLUMN=VALUE, as its training text had."},
        "unknown": UNKNOWN,
        "until_document": FLAG | {"description": "End where a document would end."},
        "break_loops": {"type": "boolean", "description": "Write nothing too often in a row."},
    }
    neutral = {name: {"enum": [*values]} for name, values in NEUTRAL.items()}
    return _fields(properties | neutral | {name: {} for name in IDLE})


def _describe_completion() -> Schema:
    """Texts that go on."""
    known = {"type": ["number", "null"]}
    likeliest = {"type": ["object", "null"], "additionalProperties": NUMBER}
    logprobs = _object(
        tokens=_list_of(TEXT),
        token_logprobs=_list_of(known),
        top_logprobs=_list_of(likeliest),
        text_offset=_list_of(WHOLE),
    )
    choice = _object(
        index=WHOLE,
        text=TEXT,
        logprobs={"anyOf": [logprobs, {"type": "null"}]},
        finish_reason={"enum": ["length", "stop"]},
    )
    return _object(
        id=TEXT,
        object={"const": "text_completion"},
        created=WHOLE,
        model=TEXT,
        seed=WHOLE,
        choices=_list_of(choice),
        usage=_object(prompt_tokens=WHOLE, completion_tokens=WHOLE, total_tokens=WHOLE),
    )


def _answers() -> dict[str, Schema]:
    """What is answered, by name."""
    maybe = {"type": ["string", "null"]}
    model = _object(id=TEXT, object={"const": "model"}, created=WHOLE, owned_by=TEXT)
    error = _object(message=TEXT, type=TEXT, param=maybe, code=maybe)
    return {
        "Completion": _describe_completion(),
        "Model": model,
        "Models": _object(object={"const": "list"}, data=_list_of(model)),
        "Tokens": _object(
            tokens=_list_of(WHOLE), token_strs=_list_of(TEXT), count=WHOLE, max_model_len=WHOLE
        ),
        "Tokenizer": _object(
            tokenizer_class=TEXT,
            unit=TEXT,
            vocab_size=WHOLE,
            bos_token=maybe,
            eos_token=maybe,
            pad_token={"type": "null"},
        ),
        "Text": _object(prompt=TEXT, content=TEXT),
        "Health": _object(status={"const": "ok"}, version=TEXT),
        "Error": _object(error=error),
    }


def _object(**properties: Schema) -> Schema:
    """An object that has all of some fields."""
    return {"type": "object", "properties": properties, "required": [*properties]}


def describe_api(*, with_key: bool) -> dict[str, Any]:
    """The description.

    Args:
        with_key: Whether an api key is demanded.

    Source: the OpenAPI specification, version 3.1.0.
    """
    special = FLAG | {"description": "Begin with the edge of a document, if there are any."}
    text = {"model": MODEL, "unknown": UNKNOWN, "add_special_tokens": special}
    prompt = TEXT | {"maxLength": MOST_PROMPT}
    schemas = _answers() | {
        "CompletionRequest": _completion_request(),
        "TokenizeRequest": {
            "anyOf": [
                _fields(text | {"prompt": prompt}, ["prompt"]),
                _fields(text | {"content": prompt}, ["content"]),
            ]
        },
        "DetokenizeRequest": _fields(
            {"model": MODEL, "tokens": IDS | {"minItems": 0, "maxItems": MOST_PROMPT}}, ["tokens"]
        ),
    }
    secured = {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "burble", "version": __version__},
        "paths": _paths(),
        "components": {"schemas": schemas} | (secured if with_key else {}),
        "security": [{"key": []}] if with_key else [],
    }


def _paths() -> dict[str, Any]:
    """What can be asked."""
    stream = {"text/event-stream": {"schema": TEXT}}
    metrics = {"text/plain": {"schema": TEXT}}
    name = {"name": "name", "in": "path", "required": True, "schema": TEXT}
    model = _get("A model.", _json("Model")) | {"parameters": [name]}
    completions = _post("CompletionRequest", "Texts that go on.", _json("Completion") | stream)
    return {
        "/health": {"get": _get("Whether the server answers.", _json("Health")) | {"security": []}},
        "/metrics": {"get": _get("What the server counts, for Prometheus.", metrics)},
        "/v1/models": {"get": _get("The models.", _json("Models"))},
        "/v1/models/{name}": {"get": model},
        "/v1/completions": {"post": completions},
        "/tokenize": {"post": _post("TokenizeRequest", "A text as ids.", _json("Tokens"))},
        "/tokenizer_info": {"get": _get("What a text is cut into.", _json("Tokenizer"))},
        "/detokenize": {"post": _post("DetokenizeRequest", "Ids as text.", _json("Text"))},
    }


def _json(name: str) -> dict[str, Any]:
    """A body of JSON."""
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def _get(described: str, content: dict[str, Any]) -> dict[str, Any]:
    """What is answered to a question."""
    answers = {"200": {"description": described, "content": content}}
    for status, why in ERRORS.items():
        answers[str(status)] = {"description": why, "content": _json("Error")}
    return {"summary": described, "responses": answers}


def _post(name: str, described: str, content: dict[str, Any]) -> dict[str, Any]:
    """What is answered to a request with a body."""
    return _get(described, content) | {
        "requestBody": {"required": True, "content": _json(name)},
    }
