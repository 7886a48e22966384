"""The vector index answers from Chroma or from SQLite, and comes back from every damage."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tenant_app.child_processes import child_environment
from tenant_app.retrieval import store_opening, vector_index
from tenant_app.retrieval.chroma_check import main as check_store
from tenant_app.retrieval.chroma_store import ChromaStore
from tenant_app.retrieval.vector_index import VectorIndex
from tenant_app.retrieval.vectors import DimensionMismatch
from tests.tenant_app.retrieval.passages_sample import MODEL, PassagesSample, direction

OpenIndex = Callable[..., VectorIndex]


@pytest.fixture
def open_index(passages: PassagesSample, data_dir: Path) -> Iterator[OpenIndex]:
    """Make an index over the passages; all are closed at the end."""
    made: list[VectorIndex] = []

    def make(model: str = MODEL) -> VectorIndex:
        made.append(VectorIndex(passages.database, data_dir / "chroma", model, threading.Event()))
        return made[-1]

    yield make
    for index in made:
        index.close()


def _ready(index: VectorIndex) -> VectorIndex:
    """Ask once, then let the worker's part be done."""
    index.nearest(direction(0), 1)
    while index.maintain():
        pass
    assert index.state == "ready"
    return index


def _stores(data_dir: Path) -> list[str]:
    return sorted(path.name for path in (data_dir / "chroma").iterdir())


def _nearest(index: VectorIndex, degrees: float, most: int = 3) -> list[int]:
    return list(index.nearest(direction(degrees), most))


def test_both_ways_of_searching_give_the_same_answer(passages: PassagesSample, open_index: OpenIndex) -> None:
    ids = passages.add_fan(60)
    index = open_index()
    exact = index.nearest(direction(20.2), 3)
    assert index.state == "opening"
    indexed = _ready(index).nearest(direction(20.2), 3)
    assert list(exact) == list(indexed) == [ids[20], ids[21], ids[19]]
    assert list(exact.values()) == pytest.approx(list(indexed.values()), abs=1e-5)


def test_without_vectors_nothing_is_opened(passages: PassagesSample, open_index: OpenIndex) -> None:
    passages.add("sans vecteur")
    index = open_index()
    assert index.nearest(direction(0), 3) == {}
    assert index.maintain() is False
    assert index.state == "closed"


def test_passages_added_while_it_is_open_are_found(passages: PassagesSample, open_index: OpenIndex) -> None:
    passages.add_fan(10)
    index = _ready(open_index())
    late = passages.add("tard", vector=direction(90))
    index.add([late])
    assert _nearest(index, 89)[0] == late


def test_a_passage_deleted_before_it_is_added_is_passed_over(
    passages: PassagesSample, open_index: OpenIndex
) -> None:
    ids = passages.add_fan(3)
    index = _ready(open_index())
    late = passages.add("tard", vector=direction(90))
    passages.remove([late])
    index.add([late])
    assert set(_nearest(index, 89)) == set(ids)


def test_a_clean_stop_keeps_the_store(
    passages: PassagesSample, open_index: OpenIndex, data_dir: Path
) -> None:
    passages.add_fan(10)
    _ready(open_index()).close()
    assert _stores(data_dir) == ["store-1"]
    late = passages.add("entre-temps", vector=direction(90))
    assert _nearest(_ready(open_index()), 89)[0] == late
    assert _stores(data_dir) == ["in-use", "store-1"]


def test_a_store_left_open_but_whole_is_used_again(
    passages: PassagesSample, open_index: OpenIndex, data_dir: Path
) -> None:
    passages.add_fan(10)
    _ready(open_index()).close()
    (data_dir / "chroma" / "in-use").touch()
    _ready(open_index())
    assert _stores(data_dir) == ["in-use", "store-1"]


@pytest.mark.parametrize("damage", ["database", "directory"])
def test_a_damaged_store_is_replaced_from_sqlite(
    passages: PassagesSample, open_index: OpenIndex, data_dir: Path, damage: str
) -> None:
    ids = passages.add_fan(30)
    _ready(open_index()).close()
    store = data_dir / "chroma" / "store-1"
    (data_dir / "chroma" / "in-use").touch()
    if damage == "database":
        (store / "chroma.sqlite3").write_bytes(b"\xff" * 4096)
    else:
        for file in store.glob("*"):
            if file.is_file():
                file.unlink()
    index = open_index()
    assert _nearest(index, 5)[0] == ids[5]
    assert _nearest(_ready(index), 5)[0] == ids[5]
    assert _stores(data_dir) == ["in-use", "store-2"]


def test_a_check_that_hangs_counts_as_damage(
    passages: PassagesSample, open_index: OpenIndex, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passages.add_fan(3)
    _ready(open_index()).close()
    (data_dir / "chroma" / "in-use").touch()
    monkeypatch.setattr(store_opening, "CHECK_SECONDS", 0.01)
    _ready(open_index())
    assert _stores(data_dir) == ["in-use", "store-2"]


def test_another_model_gets_another_store(
    passages: PassagesSample, open_index: OpenIndex, data_dir: Path
) -> None:
    ids = passages.add_fan(5)
    _ready(open_index()).close()
    passages.set_vectors({chunk_id: direction(90 + chunk_id) for chunk_id in ids}, model="model-b")
    index = _ready(open_index("model-b"))
    assert _nearest(index, 90 + ids[2])[0] == ids[2]
    assert _stores(data_dir) == ["in-use", "store-2"]


def test_another_dimension_is_noticed_and_its_vectors_are_asked_for_again(
    passages: PassagesSample, open_index: OpenIndex, data_dir: Path
) -> None:
    ids = passages.add_fan(5)
    index = _ready(open_index())
    with pytest.raises(DimensionMismatch):
        index.nearest(direction(0, values=8), 3)
    assert index.maintain() is True
    assert index.nearest(direction(0, values=8), 3) == {}
    passages.set_vectors({chunk_id: direction(chunk_id, values=8) for chunk_id in ids})
    index.add(ids)
    while index.maintain():
        pass
    assert list(index.nearest(direction(ids[3], values=8), 1)) == [ids[3]]
    assert _stores(data_dir) == ["in-use", "store-2"]


def test_deleted_passages_do_not_crowd_out_the_others(
    passages: PassagesSample, open_index: OpenIndex, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vector_index, "TOLERATED_DEAD_ENTRIES", 20)
    ids = passages.add_fan(40)
    index = _ready(open_index())
    passages.remove(ids[:10])
    index.discount(10)
    assert ids[10] in _nearest(index, 0, most=1)
    passages.remove(ids[10:30])
    index.discount(20)
    while index.maintain():
        pass
    assert _nearest(index, 0, most=1) == [ids[30]]
    assert _stores(data_dir) == ["in-use", "store-2"]


def test_passages_deleted_while_it_was_closed_are_gone_after_the_next_start(
    passages: PassagesSample, open_index: OpenIndex, data_dir: Path
) -> None:
    ids = passages.add_fan(10)
    _ready(open_index()).close()
    passages.remove(ids[:5])
    assert set(_nearest(_ready(open_index()), 0, most=10)) == set(ids[5:])
    assert _stores(data_dir) == ["in-use", "store-2"]


def test_a_store_that_fails_while_open_is_replaced_and_the_question_answered(
    passages: PassagesSample, open_index: OpenIndex, data_dir: Path
) -> None:
    ids = passages.add_fan(10)
    index = _ready(open_index())
    # A closed client fails like a broken one.
    assert index._store is not None
    index._store._client.delete_collection("passages")
    assert _nearest(index, 4)[0] == ids[4]
    assert index.state == "opening"
    assert _nearest(_ready(index), 4)[0] == ids[4]
    assert _stores(data_dir) == ["in-use", "store-2"]


def test_a_store_that_fails_while_it_is_added_to_is_replaced(
    passages: PassagesSample, open_index: OpenIndex
) -> None:
    passages.add_fan(10)
    index = _ready(open_index())
    assert index._store is not None
    index._store._client.delete_collection("passages")
    late = passages.add("tard", vector=direction(90))
    index.add([late])
    assert _nearest(_ready(index), 90)[0] == late


def test_when_no_store_can_be_made_questions_are_still_answered_and_it_is_tried_later(
    passages: PassagesSample, open_index: OpenIndex, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = passages.add_fan(10)
    index = open_index()
    monkeypatch.setattr(vector_index, "RETRY_SECONDS", 0)
    (data_dir / "chroma" / "store-1").write_text("in the way")
    assert _nearest(index, 4)[0] == ids[4]
    assert index.maintain() is True
    assert index.state == "opening"
    (data_dir / "chroma" / "store-1").unlink()
    assert _nearest(_ready(index), 4)[0] == ids[4]


def test_an_opening_stops_early_when_the_instance_stops(
    passages: PassagesSample, open_index: OpenIndex, data_dir: Path
) -> None:
    passages.add_fan(10)
    index = open_index()
    index.nearest(direction(0), 1)
    index.interrupt()
    index.maintain()
    assert index.state == "closed"
    assert _stores(data_dir) == ["store-1"]


def test_the_check_of_a_store_tells_how_many_passages_it_holds(
    passages: PassagesSample, open_index: OpenIndex, data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    passages.add_fan(7)
    _ready(open_index()).close()
    assert check_store([str(data_dir / "chroma" / "store-1")]) == 0
    assert capsys.readouterr().out == "7\n"


FILLING = """
import sys
from pathlib import Path
from tenant_app.retrieval.chroma_store import ChromaStore
from tenant_app.retrieval.vectors import pack
store = ChromaStore.open(Path(sys.argv[1]), "model-a", 4)
for number in range(1, 100_000):
    store.add([number], [pack([1.0, float(number), 0.0, 0.0])])
    print(number, flush=True)
"""


def test_after_a_kill_while_adding_search_works_at_once_and_the_store_comes_back(
    passages: PassagesSample, open_index: OpenIndex, data_dir: Path
) -> None:
    ids = passages.add_fan(50)
    chroma = data_dir / "chroma"
    (chroma / "in-use").touch()
    process = subprocess.Popen(
        [sys.executable, "-c", FILLING, str(chroma / "store-1")],
        stdout=subprocess.PIPE,
        env=child_environment(),
    )
    assert process.stdout is not None
    while int(process.stdout.readline()) < 120:
        pass
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    index = open_index()
    assert _nearest(index, 7)[0] == ids[7]
    assert _nearest(_ready(index), 7)[0] == ids[7]


def test_a_store_says_what_it_was_made_for(tmp_path: Path) -> None:
    store = ChromaStore.open(tmp_path / "store", MODEL, 4)
    assert store.nearest(direction(0), 5) == {}
    assert store.holds(MODEL, 4)
    assert not store.holds(MODEL, 8)
    assert not store.holds("model-b", 4)
    with pytest.raises(DimensionMismatch):
        store.nearest(direction(0, values=8), 5)
    store.close()
