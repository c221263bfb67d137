"""Flags beat the environment, the environment beats defaults, mistakes are told."""

from pathlib import Path

import pytest

from server.contract.errors import SettingsError
from server.settings import Settings, read_settings


def test_without_anything_the_defaults_hold() -> None:
    assert read_settings([], {}) == Settings()


def test_flags_beat_the_environment_and_the_environment_beats_defaults() -> None:
    environment = {"VECD_PORT": "9000", "VECD_HOST": "::1", "HOME": "/root"}
    found = read_settings(["--port", "9001", "--models", "/somewhere"], environment)
    assert (found.port, found.host, found.models) == (9001, "::1", Path("/somewhere"))
    assert found.cache_bytes == Settings().cache_bytes


@pytest.mark.parametrize("variable", ["VECD_PROT", "VECD_port", "VECD_"])
def test_an_unknown_variable_is_an_error_that_names_the_known(variable: str) -> None:
    with pytest.raises(SettingsError, match=f"{variable} is not a setting.*VECD_PORT"):
        read_settings([], {variable: "1"})


@pytest.mark.parametrize(
    ("arguments", "environment", "named"),
    [
        (["--port", "70000"], {}, "--port='70000'"),
        (["--port", "http"], {}, "--port='http'"),
        ([], {"VECD_PORT": "-1"}, "VECD_PORT='-1'"),
        (["--provider", "tpu"], {}, "--provider='tpu'"),
        (["--max-client-batch-size", "0"], {}, "--max-client-batch-size='0'"),
    ],
)
def test_a_value_out_of_range_is_told_with_its_flag_or_variable(
    arguments: list[str], environment: dict[str, str], named: str
) -> None:
    with pytest.raises(SettingsError, match=named):
        read_settings(arguments, environment)


def test_help_names_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_settings(["--help"], {})
    told = capsys.readouterr().out
    assert all("--" + name.replace("_", "-") in told for name in Settings.__struct_fields__)
