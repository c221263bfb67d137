"""Python children do what their lines say to files below a folder; the library sees, fails and records it."""

import sys
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.syscalls.records import CREATED, DATA_ONLY, TRUNCATED, Record, read_records, read_report
from tests.syscalls.running import Watch, run_watched

SAYING = """
import os, sys
from tests.syscalls.marks import mark, plan
def says(act):
    try:
        return act()
    except OSError as error:
        return error.strerror
"""


def run(code: str, watch: Watch) -> CompletedProcess[str]:
    done = run_watched([sys.executable, "-c", SAYING + code, str(watch.folder)], watch)
    assert done.returncode == 0, done.stderr
    return done


def watch_of(folder: Path, fail: str = "", armed: bool = True) -> Watch:
    (folder / "files").mkdir()
    return Watch(folder / "files", fail, folder / "record", folder / "report", armed)


WRITES = """
os.chdir(sys.argv[1])
file = os.open("a", os.O_RDWR | os.O_CREAT)
for text in (b"one ", b"two ", b"three ", b"four "):
    print(says(lambda: os.write(file, text)))
"""


@pytest.mark.parametrize(
    ("fail", "said", "content"),
    [
        ("", "4 4 6 5", b"one two three four "),
        ("write:2:EIO:once", "4 Input/output error 6 5", b"one three four "),
        ("write:3:ENOSPC:forever", "4 4 No space left on device No space left on device", b"one two "),
        ("write:3:ENOSPC:once:short", "4 4 3 5", b"one two thrfour "),
        ("write:2:ENOSPC:forever:short", "4 2 No space left on device No space left on device", b"one tw"),
        ("read,write:1:EACCES:once", "Permission denied 4 6 5", b"two three four "),
        ("*:3:EIO:once", "4 Input/output error 6 5", b"one three four "),
        ("read:1:EIO:forever", "4 4 6 5", b"one two three four "),
    ],
)
def test_the_kth_call_fails_once_or_from_then_on(tmp_path: Path, fail: str, said: str, content: bytes) -> None:
    watch = watch_of(tmp_path, fail)
    assert " ".join(run(WRITES, watch).stdout.split("\n")).strip() == said
    assert (watch.folder / "a").read_bytes() == content


@pytest.mark.parametrize(
    ("call", "error", "act"),
    [
        ("open", "EMFILE", "os.open('a', os.O_RDONLY)"),
        ("open", "EACCES", "open('new', 'w')"),
        ("read", "EIO", "os.read(file, 1)"),
        ("read", "EIO", "os.pread(file, 1, 0)"),
        ("write", "ENOSPC", "os.pwrite(file, b'x', 0)"),
        ("write", "ENOSPC", "os.writev(file, [b'x'])"),
        ("sync", "EIO", "os.fsync(file)"),
        ("sync", "EIO", "os.fdatasync(file)"),
        ("sync", "EIO", "os.fsync(os.open('.', os.O_RDONLY))"),
        ("truncate", "EIO", "os.ftruncate(file, 1)"),
        ("truncate", "EIO", "os.truncate('a', 1)"),
        ("rename", "EACCES", "os.rename('a', 'b')"),
        ("link", "EACCES", "os.link('a', 'b')"),
        ("unlink", "EACCES", "os.unlink('a')"),
        ("mkdir", "ENOSPC", "os.mkdir('b')"),
        ("rmdir", "EACCES", "os.rmdir('c')"),
        ("mmap", "ENOMEM", "__import__('mmap').mmap(file, 1)"),
        ("list", "EIO", "os.listdir('.')"),
    ],
)
def test_each_call_fails_and_does_nothing(tmp_path: Path, call: str, error: str, act: str) -> None:
    code = f"""
import errno, mmap
os.chdir(sys.argv[1])
os.mkdir('c')
file = os.open('a', os.O_RDWR | os.O_CREAT)
os.write(file, b'content')
mark('arm')
try:
    {act}
except OSError as error:
    print(errno.errorcode[error.errno])
mark('disarm')
print(sorted(os.listdir('.')), os.pread(file, 99, 0))
"""
    done = run(code, watch_of(tmp_path, f"{call}:1:{error}:forever", armed=False))
    assert done.stdout == f"{error}\n['a', 'c'] b'content'\n"
    report = read_report(tmp_path / "report")
    assert report.failed == 1
    assert report.first.startswith(f"{call} ")


def test_what_is_not_below_the_folder_is_not_touched(tmp_path: Path) -> None:
    code = """
for name in (sys.argv[1] + "-beside", os.path.dirname(sys.argv[1]) + "/other", sys.argv[1] + "/../third"):
    print(os.write(os.open(name, os.O_RDWR | os.O_CREAT), b"x"))
"""
    assert run(code, watch_of(tmp_path, "*:1:EIO:forever")).stdout == "1\n1\n1\n"
    assert read_records(tmp_path / "record") == []


def test_a_forked_process_fails_by_a_plan_of_its_own(tmp_path: Path) -> None:
    code = """
os.chdir(sys.argv[1])
for number in range(3):
    child = os.fork()
    if not child:
        plan(f"write:{number + 1}:EIO:once", __import__("pathlib").Path(f"../report-{number}"))
        file = os.open(f"a{number}", os.O_WRONLY | os.O_CREAT)
        mark("arm")
        for text in (b"a", b"b", b"c"):
            says(lambda: os.write(file, text))
        os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
"""
    watch = watch_of(tmp_path)
    run(code, watch)
    assert [(watch.folder / f"a{number}").read_text() for number in range(3)] == ["bc", "ac", "ab"]
    reports = [read_report(tmp_path / f"report-{number}") for number in range(3)]
    assert [(one.counted, one.failed, one.first) for one in reports] == [
        (3, 1, f"write /a{number}") for number in range(3)
    ]


CHANGES = """
import threading, apsw, numpy, shutil, usearch.index
os.chdir(sys.argv[1])
os.makedirs("b/c")
with open("b/log", "ab") as file:
    file.write(b"begun " * 1000)
with open("b/log", "ab") as file:
    file.write(b"and gone on")
    file.flush()
    file.seek(0)
    file.write(b"to the end")
with open("b/log", "r+b") as file:
    file.seek(3)
    file.write(b"XYZ")
    file.truncate(2000)
    os.fsync(file.fileno())
shutil.copyfile("b/log", "copied")
database = apsw.Connection("b/database")
database.execute("PRAGMA journal_mode=WAL; CREATE TABLE t (x)").fetchall()
def insert(first):
    own = apsw.Connection("b/database")
    own.set_busy_timeout(60_000)
    for number in range(first, first + 20):
        own.execute("INSERT INTO t VALUES (?)", (str(number) * 500,))
        with open(f"b/c/{number}", "wb") as file:
            file.write(os.urandom(10_000))
        os.rename(f"b/c/{number}", f"b/c/file-{number}")
threads = [threading.Thread(target=insert, args=(100 * number,)) for number in range(3)]
[one.start() for one in threads]
[one.join() for one in threads]
graph = usearch.index.Index(ndim=8)
graph.add(numpy.arange(50), numpy.random.rand(50, 8).astype(numpy.float32))
graph.save("graph.tmp")
os.rename("graph.tmp", "graph")
os.link("graph", "b/also")
os.unlink("graph")
os.rename("b/c", "d")
os.mkdir("e")
os.rmdir("e")
open("copied", "w").write("anew")
mark("done")
os.kill(os.getpid(), 9)
"""


def rebuilt(records: list[Record], root: str) -> dict[str, bytes | None]:
    """Return what lies below the folder after these calls, by path: the content of files, None for folders."""
    names: dict[str, int] = {}
    contents: dict[int, bytearray | None] = {}
    for one in records:
        match one.call:
            case "open" if one.flags & CREATED or one.flags & TRUNCATED:
                names[one.path], contents[one.inode] = one.inode, bytearray()
            case "mkdir":
                names[one.path], contents[one.inode] = one.inode, None
            case "write":
                content = contents[one.inode]
                assert content is not None
                content.extend(bytes(max(0, one.offset - len(content))))
                content[one.offset : one.offset + len(one.data)] = one.data
            case "truncate":
                content = contents[one.inode]
                assert content is not None
                del content[one.size :]
                content.extend(bytes(one.size - len(content)))
            case "rename":
                moved = {name for name in names if name == one.path or name.startswith(f"{one.path}/")}
                names |= {one.other + name.removeprefix(one.path): names.pop(name) for name in moved}
            case "link":
                names[one.other] = one.inode
            case "unlink" | "rmdir":
                del names[one.path]
    return {
        name.removeprefix(root): None if (content := contents[inode]) is None else bytes(content)
        for name, inode in names.items()
    }


def test_the_records_rebuild_every_file_exactly(tmp_path: Path) -> None:
    watch = watch_of(tmp_path)
    assert run_watched([sys.executable, "-c", SAYING + CHANGES, str(watch.folder)], watch).returncode == -9
    records = read_records(tmp_path / "record")
    found = {
        f"/{path.relative_to(watch.folder)}": None if path.is_dir() else path.read_bytes()
        for path in watch.folder.rglob("*")
    }
    made = rebuilt(records, str(watch.folder))
    assert len(found) > 60
    # The index of a write-ahead log is mapped: what is stored there is no call.
    assert {name: made[name] for name in made if not name.endswith("-shm")} == {
        name: found[name] for name in found if not name.endswith("-shm")
    }
    assert records[-1] == Record("mark", data=b"done")
    calls = {one.call for one in records}
    assert calls == {"open", "write", "truncate", "sync", "rename", "link", "unlink", "mkdir", "rmdir", "mmap", "mark"}


def test_a_record_says_what_was_created_and_how_much_was_flushed(tmp_path: Path) -> None:
    code = """
os.chdir(sys.argv[1])
for number in range(2):
    file = os.open("a", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
os.fsync(file)
os.fdatasync(file)
os.fsync(os.open(".", os.O_RDONLY))
"""
    watch = watch_of(tmp_path)
    run(code, watch)
    found = [
        (one.call, one.path.removeprefix(str(watch.folder)), one.flags, one.folder)
        for one in read_records(tmp_path / "record")
    ]
    assert found == [
        ("open", "/a", CREATED, False),
        ("open", "/a", TRUNCATED, False),
        ("sync", "/a", 0, False),
        ("sync", "/a", DATA_ONLY, False),
        ("sync", "", 0, True),
    ]


def test_a_thread_that_has_blocked_all_signals_is_watched_too(tmp_path: Path) -> None:
    code = """
import signal, threading
os.chdir(sys.argv[1])
before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
def write():
    with open("a", "wb") as file:
        file.write(b"x")
thread = threading.Thread(target=write)
thread.start()
thread.join()
os.kill(os.getpid(), signal.SIGUSR1)
print(before, signal.SIGUSR1 in signal.sigpending(), flush=True)
signal.pthread_sigmask(signal.SIG_SETMASK, before)
"""
    watch = watch_of(tmp_path)
    done = run_watched([sys.executable, "-c", SAYING + code, str(watch.folder)], watch)
    assert (done.returncode, done.stdout) == (-10, "set() True\n"), done.stderr
    assert [one.call for one in read_records(tmp_path / "record")] == ["open", "write"]
