"""What a text that was given to the page holds: its fields, what is odd about it, how it begins.

Knows nothing of HTTP.
"""

from typing import Any

from burble.data import parts, report
from burble.data.forms import registry
from burble.data.overview import survey
from burble.errors import FieldError, InputError
from burble.runs.request import TrainingRequest
from burble.settings import Settings
from burble.web.job import Job

SHOWN = 300
"""Symbols of the beginning of a text that are shown."""


def list_fields(job: Job) -> list[dict[str, Any]]:
    """The fields of each file that has fields, and which of them was chosen.

    Raises:
        InputError: A file cannot be read; says which.
    """
    about, found = job.about, []
    chosen = [*about.get("fields", []), *("" for _ in about["files"])]
    for place, (path, name) in enumerate(zip(job.paths, about["files"], strict=True)):
        try:
            fields = parts.find_fields(path, job.reading)
        except InputError as error:
            raise type(error)(job.with_names(str(error))) from error
        if fields:
            found.append({"file": place, "name": name, "chosen": chosen[place], **fields})
    return found


def read_report(job: Job) -> dict[str, Any]:
    """What the text holds and what is odd about it; reads all of it, as training does.

    Raises:
        InputError: It cannot be read, or nothing can be learned from it; says which file.
    """
    request = TrainingRequest({}, sources=job.sources, reading=job.reading)
    try:
        corpus = request.read(Settings())
    except FieldError as error:
        # What its sentence names is typed in a terminal.
        what = job.with_names(error.what)
        raise FieldError(f"{what}; choose the field of it that is the text.") from error
    except InputError as error:
        raise type(error)(job.with_names(str(error))) from error
    facts, overview = report.collect_facts(corpus), survey(corpus).to_json()
    for line in (*overview["repeated"], *overview["odd"]):
        line["place"] = job.with_names(line["place"])
    alphabet = facts.pop("alphabet")
    sentences = report.summarize(corpus)[1:]
    return {
        **{n: facts[n] for n in ("characters", "lines", "documents", "validation", "sha256")},
        "symbols": len(alphabet),
        # Lists: browsers put digits first among the names of an object.
        "frequent": [*alphabet][:24],
        "rare": [*alphabet][24:][-12:],
        "notes": [job.with_names(sentence) for sentence in sentences],
        "private": {kind: found["count"] for kind, found in facts["private"].items()},
        "chat": any(registry.get_form(one["form"]) in registry.CHATS for one in facts["forms"]),
        "reading": job.reading.given,
        "overview": overview,
        "beginning": corpus.vocabulary.decode(corpus.encoded.ids[:SHOWN], corpus.separator),
    }
