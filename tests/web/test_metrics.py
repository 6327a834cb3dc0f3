"""What is counted, as Prometheus reads it."""

import re

from burble.web.metrics import BOUNDS, Metrics


def test_counters_add_up_and_gauges_do_not():
    metrics = Metrics()
    metrics.count("burble_characters_written_total", 12_345_678)
    metrics.count("burble_characters_written_total")
    metrics.set("burble_texts_active", 5)
    metrics.set("burble_texts_active", 3)
    lines = metrics.expose().splitlines()
    assert "burble_characters_written_total 12345679" in lines
    assert "burble_texts_active 3" in lines
    assert "# TYPE burble_texts_active gauge" in lines


def test_seconds_are_counted_in_groups_that_hold_all_below_them():
    metrics = Metrics()
    for seconds in (0.001, 0.05, 0.05, 700.0):
        metrics.observe("burble_first_piece_seconds", seconds)
    found = re.findall(r'first_piece_seconds_bucket\{le="(\S+)"\} (\d+)', metrics.expose())
    counts = {bound: int(number) for bound, number in found}
    assert len(counts) == len(BOUNDS) + 1
    assert (counts["0.005"], counts["0.025"], counts["0.05"]) == (1, 1, 3)
    assert (counts["60"], counts["+Inf"]) == (3, 4)
    assert "burble_first_piece_seconds_sum 700.101000\n" in metrics.expose()
    assert "burble_first_piece_seconds_count 4\n" in metrics.expose()


def test_labels_may_hold_anything():
    metrics = Metrics()
    metrics.count("burble_requests_total", path='/a"b\\c\nd', method="GET", status="404")
    line = r'burble_requests_total{method="GET",path="/a\"b\\c\nd",status="404"} 1'
    assert line in metrics.expose().splitlines()


def test_a_server_tells_what_it_did(server):
    before = server.metric("burble_characters_written_total")
    server.complete(model="letters", prompt="ab", max_tokens=7)
    assert server.metric("burble_characters_written_total") == before + 7
    for _ in range(2):
        # Paths that anybody can think of must not become ever more lines.
        server.get("/somewhere/else")
    told = server.get("/metrics")
    assert told.headers["content-type"].startswith("text/plain; version=0.0.4")
    body = told.body.decode()
    assert re.search(r'requests_total\{method="GET",path="other",status="404"\} [2-9]', body)
    assert 'path="/v1/completions",status="200"}' in body
