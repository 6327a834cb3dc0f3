"""The page in a real browser: what a person does there, and that axe finds nothing to object to."""

import shutil
from contextlib import contextmanager

import pytest

from tests.support.dumps import make_zip
from tests.support.servers import serving

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine")
CAT = "the cat sat on the mat.\nthe dog lay on the log.\n" * 60
DROP = """text => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], "cats & dogs.txt"));
    return transfer;
}"""
PATIENCE = 60
"""Seconds after which a test fails for something that has not come: a busy machine takes long."""
# In one step, as a hand moves it: what the page shows meanwhile must not put it back.
SLIDE = """(slider, value) => {
    slider.value = value;
    for (const name of ["input", "change"]) slider.dispatchEvent(new Event(name, {bubbles: true}));
}"""


@pytest.fixture(scope="module")
def chromium():
    with sync_api.sync_playwright() as playwright:
        # A container may not allow the sandbox, and only pages of this machine are opened.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def visiting(browser, server, **options):
    """The page of a server, in which nothing may go wrong, and which may ask nobody else."""
    wrong = []
    own = f"http://127.0.0.1:{server.port}/"
    # Colours that still change would be measured on their way.
    usual = {"locale": "en-GB", "reduced_motion": "reduce"}
    context = browser.new_context(**usual | options)
    context.set_default_timeout(1000 * PATIENCE)
    page = context.new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.on("request", lambda asked: None if asked.url.startswith(own) else wrong.append(asked.url))
    page.goto(own)
    try:
        yield page
    finally:
        # While the server is there to answer.
        context.close()
    assert wrong == []


def slide(page, selector, value):
    page.locator(selector).evaluate(SLIDE, value)


def check_access(page):
    """Axe finds nothing, in light or dark."""
    for theme in ("light", "dark"):
        page.select_option("#theme", theme)
        found = axe.Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


def written_by(page, act):
    """The text, once all is written that an act lets the model write."""
    # The text is busy before anything is asked for, and until all is there.
    with page.expect_response("**/v1/completions"):
        act()
    page.wait_for_selector("#text[aria-busy=false]")
    return page.input_value("#text")


def continue_text(page):
    """Lets the model write, and returns the text once it is done."""
    return written_by(page, lambda: page.click("#continue"))


def settled(page):
    """Waits until what is suggested is of the text as it is."""
    page.wait_for_selector("#words[aria-busy=false] button")


@pytest.mark.slow
def test_a_dropped_text_is_learned_and_written_with(chromium, tmp_path):
    with serving("--models", tmp_path / "models") as server, visiting(chromium, server) as page:
        page.click("nav >> text=Learn")
        check_access(page)
        transfer = page.evaluate_handle(DROP, CAT)
        page.dispatch_event("#drop", "drop", {"dataTransfer": transfer})
        page.wait_for_selector("#draft-facts dd")
        assert "2,880" in page.inner_text("#draft-facts")
        assert page.input_value("#name") == "cats & dogs"
        check_access(page)
        slide(page, "#minutes", 2)
        page.click("text=Start learning")
        page.wait_for_selector("#sample:not(:empty)")
        assert page.locator("#training-chart path.training").count() == 1
        assert "n-grams" in page.inner_text("#training-chart")
        check_access(page)
        page.click("#stop-training")
        page.wait_for_selector("#continue-training")
        assert "stopped" in page.inner_text("#training-state")
        page.click("text=Write with it")
        page.wait_for_selector("#text")
        assert page.locator("#model option:checked").inner_text() == "cats & dogs"
        page.fill("#text", "the cat ")
        slide(page, "#dial-length", 50)
        settled(page)
        written = continue_text(page)
        assert len(written) == len("the cat ") + 50
        page.click("text=Undo")
        assert page.input_value("#text") == "the cat "
        # What was undone is still among the tries.
        page.click("#tree button >> nth=-1")
        assert page.input_value("#text") == written
        page.click("nav >> text=Look")
        page.wait_for_selector("#card svg.chart")
        check_access(page)
        with page.expect_download() as saved:
            page.click("text=Download a page that writes")
        assert saved.value.suggested_filename.endswith(".html")
        assert b'id="model-file"' in saved.value.path().read_bytes()


def test_a_field_of_a_table_is_chosen_by_its_sample(chromium, tmp_path):
    rows = "".join(f"{n},Ann,the cat sat on mat {n}\n" for n in range(60))
    given = {"name": "posts.csv", "mimeType": "text/csv", "buffer": f"id,by,body\n{rows}".encode()}
    with serving("--models", tmp_path / "models") as server, visiting(chromium, server) as page:
        page.click("nav >> text=Learn")
        page.set_input_files("#files", given)
        page.wait_for_selector("#fields:not([hidden])")
        assert page.inner_text("#alert") == ""
        assert not page.is_visible("#start-form")
        labels = page.locator("#fields label").all_inner_texts()
        assert [" ".join(label.split()) for label in labels] == [
            "id '0'",
            "by 'Ann'",
            "body 'the cat sat on mat 0'",
        ]
        assert page.locator("#fields :checked").input_value() == "body"
        check_access(page)
        page.click("text=Read this field")
        page.wait_for_selector("#start-form", state="visible")
        assert page.inner_text("#draft-excerpt").startswith("the cat sat on mat 0\n")
        # Another can be chosen as long as nothing is learned.
        page.check("#fields [value=by]")
        page.click("text=Read this field")
        page.locator("#draft-excerpt", has_text="Ann").wait_for()


def test_an_archive_of_texts_and_tables_is_read_as_a_whole_or_by_a_field(chromium, tmp_path):
    rows = "".join(f"{n},the cat sat on mat {n}\n" for n in range(60))
    texts = {"in/posts.csv": f"id,body\n{rows}".encode(), "a.txt": b"plain words of a text\n" * 20}
    given = {"name": "all.zip", "mimeType": "application/zip", "buffer": make_zip(texts)}
    with serving("--models", tmp_path / "models") as server, visiting(chromium, server) as page:
        page.click("nav >> text=Learn")
        page.set_input_files("#files", given)
        page.locator("#draft-excerpt", has_text="plain words").wait_for()
        labels = page.locator("#fields label").all_inner_texts()
        assert [" ".join(label.split()) for label in labels] == [
            "The texts in it, each as a whole",
            "in/posts.csv:id '0'",
            "in/posts.csv:body 'the cat sat on mat 0'",
        ]
        assert page.locator("#fields :checked").input_value() == ""
        check_access(page)
        page.check("#fields [value='in/posts.csv:body']")
        page.click("text=Read this field")
        page.locator("#draft-excerpt", has_text="the cat sat on mat 0").wait_for()
        page.check("#fields [value='']")
        page.click("text=Read this field")
        page.locator("#draft-excerpt", has_text="plain words").wait_for()


def test_words_are_picked_undone_and_written_at_the_cursor(chromium, trained):
    with serving(trained) as server, visiting(chromium, server) as page:
        page.fill("#text", "the cat sat on the log.")
        # Goes where a person would click: behind "sat".
        page.locator("#text").evaluate("text => text.setSelectionRange(11, 11)")
        settled(page)
        word = page.locator("#words .w").first.inner_text().strip()
        assert word == "on"
        page.keyboard.press("Alt+1")
        assert page.input_value("#text") == "the cat sat on on the log."
        page.keyboard.press("Control+z")
        assert page.input_value("#text") == "the cat sat on the log."
        page.keyboard.press("Control+y")
        assert page.input_value("#text") == "the cat sat on on the log."
        slide(page, "#dial-length", 50)
        slide(page, "#dial-temperature", 0)
        written = continue_text(page)
        assert written.startswith("the cat sat on the mat.\n")
        assert written.endswith(" on the log.")
        assert page.inner_text("#dial-temperature-says").startswith("Always the likeliest")
        settled(page)
        check_access(page)
        page.reload()
        # It is there once the page has learned which models there are.
        sync_api.expect(page.locator("#text")).to_have_value(written, timeout=60_000)


def test_letters_show_what_was_expected_and_go_on_from_another(chromium, trained):
    with serving(trained) as server, visiting(chromium, server) as page:
        page.fill("#text", "the cat sat on the oat.")
        slide(page, "#dial-length", 50)
        page.click("text=Colour by surprise")
        page.wait_for_selector("#backdrop .s8, #backdrop .s7")
        assert page.locator("#backdrop").inner_text().startswith("the cat sat on the oat")
        page.focus("#text")
        page.locator("#text").evaluate("text => text.setSelectionRange(20, 20)")
        page.keyboard.press("Alt+ArrowUp")
        assert "bits of surprise" in page.inner_text("#peek")
        check_access(page)
        page.focus("#peek button")
        assert page.locator("#peek .w").first.inner_text() == "m"
        written = written_by(page, lambda: page.keyboard.press("Enter"))
        assert written.startswith("the cat sat on the m")
        assert len(written) == 70


def test_two_models_write_side_by_side_or_as_one(chromium, trained):
    with serving(trained, "english") as server, visiting(chromium, server) as page:
        page.fill("#text", "the cat")
        slide(page, "#dial-length", 50)
        page.select_option("#second", "english")
        settled(page)
        assert len(continue_text(page)) == 57
        page.click("text=side by side")
        continue_text(page)
        # What both wrote: 50 characters each.
        assert "100" in page.text_content("#status")
        second = page.locator("#pair article >> nth=1")
        text = second.locator(".sheet-text").inner_text()
        check_access(page)
        second.locator("text=Keep this").click()
        assert page.input_value("#text").strip().endswith(text.strip())


def test_it_fits_a_phone_in_the_readers_language_and_direction(chromium, trained):
    phone = {"viewport": {"width": 360, "height": 700}, "locale": "de-DE", "color_scheme": "dark"}
    with serving(trained) as server, visiting(chromium, server, **phone) as page:
        settled(page)
        assert page.locator("html").get_attribute("lang") == "de"
        assert page.inner_text("#continue") == "Weiterschreiben"
        background = "element => getComputedStyle(element).backgroundColor"
        assert page.locator("html").evaluate(background) == "rgb(23, 24, 26)"
        for view in ("Lernen", "Ansehen", "Schreiben"):
            page.click(f"nav >> text={view}")
            page.wait_for_selector("section.view:visible")
            overflow = "element => element.scrollWidth - element.clientWidth"
            assert page.locator("html").evaluate(overflow) <= 0
        page.fill("#text", "إن هذا هو البيت")
        box = "text => text.matches(':dir(rtl)')"
        assert page.locator("#text").evaluate(box)
        page.click("nav >> text=Ansehen")
        page.wait_for_selector("#card svg.chart")
        assert "Schritt 300" in page.inner_text("#look-chart")
        check_access(page)
        page.select_option("#language", "fr")
        assert page.inner_text("nav >> nth=0").split() == ["Apprendre", "Écrire", "Regarder"]
