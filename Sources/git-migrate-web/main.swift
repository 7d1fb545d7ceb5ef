import System

import func Glibc.exit

OwnProcess.forbidLookingIn()
exit(WebProgram(CommandLine.arguments).run())
