import sys

from hattama_verify.command_line import main

sys.exit(main(sys.argv[1:]))
