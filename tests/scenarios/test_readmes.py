"""Commands that the documents show: verbs and flags exist, local files they name exist."""

import re
import shlex
import subprocess
import unittest

from scenario import BIN, ROOT, require_programs

SKIPPED = {"build", ".git"}
# A command stands alone on an indented line or in a fence; backslashes at line ends join lines.
COMMAND = re.compile(r"^(?:\s{4,}|\s*\$ |)((?:sudo (?:-u \w+ )?)?(hattamad?) [a-z][^`]*)$")


def shown_commands():
    """(document, words) of every command of ours that a document shows."""
    for document in sorted(ROOT.rglob("*.md")):
        if SKIPPED.intersection(document.relative_to(ROOT).parts):
            continue
        text = document.read_text(encoding="utf-8").replace("\\\n", " ")
        fenced = False
        for line in text.splitlines():
            if line.lstrip().startswith("```"):
                fenced = not fenced
                continue
            match = COMMAND.match(line)
            if not match or not (fenced or line.startswith("    ") or line.lstrip().startswith("$ ")):
                continue
            words = shlex.split(match.group(1), comments=True)
            yield document, words[words.index(match.group(2)):]


class ReadmesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        require_programs()
        cls.commands = list(shown_commands())

    @staticmethod
    def help_of(program, verb):
        done = subprocess.run([BIN / program, verb, "--help"], capture_output=True, text=True, timeout=30)
        top = subprocess.run([BIN / program, "--help"], capture_output=True, text=True, timeout=30)
        return done.returncode, done.stdout + top.stdout

    def test_commands_shown_have_verbs_and_flags_that_exist(self):
        self.assertTrue(self.commands)
        for document, words in self.commands:
            verb = next((word for word in words[1:] if re.fullmatch(r"[a-z]+(-[a-z]+)*", word)), None)
            with self.subTest(document=document.relative_to(ROOT).as_posix(), command=" ".join(words)):
                self.assertIsNotNone(verb)
                status, text = self.help_of(words[0], verb)
                self.assertEqual(status, 0, text)
                for word in words:
                    if word.startswith("--"):
                        self.assertRegex(text, re.escape(word.split("=")[0]) + r"\b")

    def test_files_of_the_tree_that_commands_name_exist(self):
        for document, words in self.commands:
            for word in words[1:]:
                if word.startswith(("tests/", "deploy/", "proto/")):
                    with self.subTest(document=document.relative_to(ROOT).as_posix(), path=word):
                        self.assertTrue((ROOT / word).exists())


if __name__ == "__main__":
    unittest.main()
