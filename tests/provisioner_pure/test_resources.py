"""The shipped files are found in a checkout and in an installed package alike."""

from pathlib import Path

import pytest

from provisioner import resources


def test_a_checkout_has_its_files_at_the_top() -> None:
    assert resources.plans_file().name == "plans.yaml"
    assert resources.shipped("templates", "env.j2").is_file()


def test_an_installed_package_has_them_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site-packages" / "provisioner"
    inside = package / "_data" / "plans.yaml"
    inside.parent.mkdir(parents=True)
    inside.write_text("plans: {}")
    monkeypatch.setattr(resources, "_PACKAGE", package)
    assert resources.plans_file() == inside


def test_a_broken_installation_says_what_is_missing_and_where() -> None:
    with pytest.raises(FileNotFoundError, match=r"nginx/nothing\.j2 is missing .*_data.*install the package"):
        resources.shipped("nginx", "nothing.j2")
