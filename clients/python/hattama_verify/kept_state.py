"""What is remembered between audits: the last checkpoint that held, and an alarm until a person removes it."""

import os
from pathlib import Path

from hattama_verify.faults import Fault, Refusal
from hattama_verify.note import NOTE_SIZE_MAX


def write_whole(path, data):
    """Writes a file so that a reader finds the old or the new one, never a part."""
    beside = path.with_name(path.name + ".new")
    try:
        with open(beside, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError as error:
        raise Refusal(f"{path}: {error.strerror}") from None


class KeptState:
    """The file FILE holds a checkpoint; FILE.alarm what once did not hold, with both notes."""

    def __init__(self, path):
        self.path = Path(path)
        self.alarm_path = self.path.with_name(self.path.name + ".alarm")

    @staticmethod
    def _read(path):
        try:
            with open(path, "rb") as file:
                data = file.read(4 * NOTE_SIZE_MAX)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Refusal(f"{path}: {error.strerror}") from None
        return data

    def alarm(self):
        data = self._read(self.alarm_path)
        if data is None:
            return []
        first = data.decode("utf-8", "replace").split("\n", 1)[0]
        return [f"an earlier audit found: {first} (look at it, and remove {self.alarm_path} yourself)"]

    def kept(self):
        data = self._read(self.path)
        if data is not None and not data:
            raise Fault("the file is empty")
        return data

    def keep(self, note):
        if self._read(self.alarm_path) is None:
            write_whole(self.path, note)

    def raise_alarm(self, message, note):
        if self._read(self.alarm_path) is None:
            kept = self._read(self.path) or b""
            write_whole(self.alarm_path, message.encode() + b"\n\nkept:\n" + kept + b"\nfound:\n" + note)
