"""The simulated provider, run as its users run it."""

import subprocess
import sys
from collections.abc import Iterator

import openai
import pytest

from tenant_app.assistant.provider_simulator import Behaviour
from tests.tenant_app.assistant.conftest import simulated


@pytest.fixture
def command() -> Iterator[subprocess.Popen[str]]:
    """Run the command, and interrupt it at the end."""
    arguments = ["--port", "0", "--behaviour", "echo"]
    with subprocess.Popen(
        [sys.executable, "-m", "tenant_app.assistant.provider_simulator", *arguments],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.terminate()


def test_the_command_prints_its_base_url_and_answers_there(command: subprocess.Popen[str]) -> None:
    assert command.stdout is not None
    base_url = command.stdout.readline().strip()

    with openai.OpenAI(api_key="any", base_url=base_url, max_retries=0) as client:
        completion = client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "Bonjour ?"}]
        )

    assert completion.choices[0].message.content == "Vous demandez : Bonjour ?"
    assert completion.usage is not None
    assert completion.usage.total_tokens > 0


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        ("error-500", openai.InternalServerError),
        ("rate-limit", openai.RateLimitError),
        ("bad-key", openai.AuthenticationError),
        ("stall", openai.APITimeoutError),
    ],
)
def test_it_fails_as_a_provider_fails(behaviour: Behaviour, error: type[Exception]) -> None:
    with (
        simulated(behaviour) as simulator,
        openai.OpenAI(api_key="any", base_url=simulator.base_url, max_retries=0, timeout=0.5) as client,
        pytest.raises(error),
    ):
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Bonjour ?"}])


def test_another_address_is_not_found() -> None:
    with (
        simulated("echo") as simulator,
        openai.OpenAI(api_key="any", base_url=f"{simulator.base_url}/other", max_retries=0) as client,
        pytest.raises(openai.NotFoundError),
    ):
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Bonjour ?"}])


def test_a_stream_without_usage_ends_with_its_finish() -> None:
    with (
        simulated("echo") as simulator,
        openai.OpenAI(api_key="any", base_url=simulator.base_url, max_retries=0) as client,
    ):
        chunks = list(
            client.chat.completions.create(
                model="m", messages=[{"role": "user", "content": "Bonjour ?"}], stream=True
            )
        )

    assert chunks[-1].choices[0].finish_reason == "stop"
