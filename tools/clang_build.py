"""The builds of tools/sanitize and tools/fuzz: one for each kind of sanitizer, beside the usual one."""
import fcntl
import pathlib
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def folder(preset):
    return ROOT / "build" / preset


def build(preset, targets):
    """Builds `targets`, and says how many seconds that took."""
    if shutil.which("clang++-14") is None:
        sys.exit(f"{pathlib.Path(sys.argv[0]).name}: needs clang 14: tools/setup verify")
    folder(preset).mkdir(parents=True, exist_ok=True)
    with open(folder(preset) / "building", "w") as lock:  # one ninja at a time
        fcntl.flock(lock, fcntl.LOCK_EX)
        return build_alone(preset, targets)


def build_alone(preset, targets):
    began = time.monotonic()
    if not (folder(preset) / "build.ninja").exists():
        subprocess.run(["cmake", "--preset", preset], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", str(folder(preset)), "--quiet", *targets], check=True)
    return time.monotonic() - began


def commit():
    done = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() or "unknown"
