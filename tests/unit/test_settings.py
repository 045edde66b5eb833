"""Settings: a table that .env.example repeats, values that are checked, secrets that are never shown."""

from __future__ import annotations

import itertools
from dataclasses import fields
from pathlib import Path

import pytest

from monitoring.errors import ConfigurationError
from monitoring.settings import SETTINGS, Setting, Settings, load_settings, parse_settings

EXAMPLE = Path(__file__).parents[2] / ".env.example"
SECRET = "hunter2-do-not-show"


def _example() -> dict[str, tuple[str, str]]:
    """The example's settings: name, comment above it, value."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    found = {}
    for above, line in itertools.pairwise(lines):
        if line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found[name] = (above, value)
    return found


class TestTable:
    def test_the_example_names_every_setting_and_no_other_in_the_same_order(self) -> None:
        assert list(_example()) == [setting.name for setting in SETTINGS]

    @pytest.mark.parametrize("setting", SETTINGS, ids=lambda s: s.name)
    def test_the_example_gives_each_setting_its_help_and_default(self, setting: Setting) -> None:
        assert _example()[setting.name] == (f"# {setting.help}", "" if setting.secret else setting.default)

    def test_the_example_can_be_used_as_it_is(self) -> None:
        assert load_settings(EXAMPLE, {}) == parse_settings({})

    def test_each_row_of_the_table_has_its_attribute(self) -> None:
        assert [field.name for field in fields(Settings)] == [setting.name.lower() for setting in SETTINGS]

    def test_secrets_have_no_default(self) -> None:
        assert all(setting.default == "" for setting in SETTINGS if setting.secret)


class TestValues:
    def test_nothing_set_is_the_defaults(self) -> None:
        plain = parse_settings({})
        assert (plain.database_url, plain.data_dir, plain.demo, plain.timezone) == (None, Path("data"), True, "UTC")
        assert plain == parse_settings({setting.name: "" for setting in SETTINGS})

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("DATABASE_POOL_SIZE", "many"),
            ("DATABASE_POOL_SIZE", "1"),
            ("DATABASE_POOL_SIZE", "2.5"),
            ("DATABASE_WAIT_SECONDS", "nan"),
            ("DATABASE_WAIT_SECONDS", "inf"),
            ("MONITOR_INTERVAL_SECONDS", "0"),
            ("MONITOR_INTERVAL_SECONDS", "half a minute"),
            ("DEMO", "perhaps"),
            ("TIMEZONE", "Mars/Olympus"),
            ("TIMEZONE", "../etc/passwd"),
            ("SCRAPE_URLS", "localhost:9090"),
            ("SCRAPE_URLS", "http://[::1"),
            ("LOG_LEVEL", "LOUD"),
            ("RETENTION_DAYS", " "),
        ],
    )
    def test_a_value_that_cannot_be_used_is_named_in_one_sentence(self, name: str, text: str) -> None:
        with pytest.raises(ConfigurationError) as caught:
            parse_settings({name: text})
        message = str(caught.value)
        assert name in message
        assert repr(text) in message
        assert "\n" not in message
        assert message.endswith(".")

    @pytest.mark.parametrize(
        "name", [setting.name for setting in SETTINGS if setting.secret and "DATABASE" in setting.name]
    )
    @pytest.mark.parametrize("text", [f"mysql://me:{SECRET}@host/db", f"me:{SECRET}@host", f"postgresql:[{SECRET}"])
    def test_a_secret_that_cannot_be_used_is_named_but_not_shown(self, name: str, text: str) -> None:
        if text.startswith("postgresql:"):
            text = f"http://[{SECRET}"
        with pytest.raises(ConfigurationError) as caught:
            parse_settings({name: text})
        assert name in str(caught.value)
        assert SECRET not in str(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__

    def test_a_channel_without_a_scheme_is_refused_and_not_shown(self) -> None:
        with pytest.raises(ConfigurationError) as caught:
            parse_settings({"NOTIFY_URLS": f"slack://a/b/c me:{SECRET}@host, me:{SECRET}"})
        assert "NOTIFY_URLS" in str(caught.value)
        assert SECRET not in str(caught.value)

    def test_channels_stand_apart_by_their_schemes_and_may_hold_commas(self) -> None:
        given = "slack://a/b/c, mailto://me:pw@example.org?to=a@example.org,b@example.org json://host/x"
        assert parse_settings({"NOTIFY_URLS": given}).notify_urls == (
            "slack://a/b/c",
            "mailto://me:pw@example.org?to=a@example.org,b@example.org",
            "json://host/x",
        )

    @pytest.mark.parametrize("address", ["monitoring.example.org", "https://", "ftp://host", "https://host/?a=b"])
    def test_links_begin_with_the_address_of_a_page(self, address: str) -> None:
        with pytest.raises(ConfigurationError, match="PUBLIC_URL"):
            parse_settings({"PUBLIC_URL": address})
        assert parse_settings({"PUBLIC_URL": "https://host/page/"}).public_url == "https://host/page"

    def test_settings_can_be_printed_without_showing_a_secret(self) -> None:
        held = parse_settings(
            {
                "DATABASE_URL": f"postgresql://me:{SECRET}@host/db",
                "DATABASE_READER_URL": f"postgresql://you:{SECRET}@host/db",
                "OPENAI_API_KEY": SECRET,
            }
        )
        assert held.openai_api_key == SECRET
        assert SECRET not in repr(held)

    @pytest.mark.parametrize(
        ("text", "value"), [("ON", True), ("1", True), ("yes", True), ("off", False), (" 0 ", False)]
    )
    def test_a_switch_takes_the_usual_words(self, text: str, value: bool) -> None:
        assert parse_settings({"DEMO": text}).demo is value

    def test_several_urls_are_separated_by_commas_or_spaces(self) -> None:
        urls = parse_settings({"SCRAPE_URLS": "http://a:1/metrics, https://b/metrics"}).scrape_urls
        assert urls == ("http://a:1/metrics", "https://b/metrics")


class TestFile:
    def test_the_environment_comes_before_the_file(self, tmp_path: Path) -> None:
        file = tmp_path / ".env"
        file.write_text("TOOL_ROW_CAP=7\nRETENTION_DAYS=5\n")
        held = load_settings(file, {"TOOL_ROW_CAP": "9", "PATH": "/bin"})
        assert (held.tool_row_cap, held.retention_days) == (9, 5)

    def test_no_file_is_no_problem(self, tmp_path: Path) -> None:
        assert load_settings(tmp_path / "none", {}) == parse_settings({})

    def test_a_file_saved_with_a_byte_order_mark_is_read(self, tmp_path: Path) -> None:
        file = tmp_path / ".env"
        file.write_bytes(b"\xef\xbb\xbfTOOL_ROW_CAP=7\r\n")
        assert load_settings(file, {}).tool_row_cap == 7

    def test_quotes_and_comments_are_understood(self, tmp_path: Path) -> None:
        file = tmp_path / ".env"
        file.write_text('# a comment\nTIMEZONE="Europe/Berlin" # another\nexport TOOL_ROW_CAP=3\nOPENAI_MODEL\n')
        held = load_settings(file, {})
        assert (held.timezone, held.tool_row_cap, held.openai_model) == ("Europe/Berlin", 3, "gpt-4o-mini")

    @pytest.mark.parametrize("content", [b"\xff\xfe\x00", f'OPENAI_API_KEY="{SECRET}\n'.encode(), b"=\n"])
    def test_a_file_that_cannot_be_read_is_one_sentence(self, tmp_path: Path, content: bytes) -> None:
        file = tmp_path / ".env"
        file.write_bytes(content)
        with pytest.raises(ConfigurationError) as caught:
            load_settings(file, {})
        message = str(caught.value)
        assert str(file) in message
        assert "mend or remove it" in message
        assert "\n" not in message
        assert SECRET not in message

    def test_a_folder_in_its_place_is_one_sentence_too(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match="cannot be read"):
            load_settings(tmp_path, {})
