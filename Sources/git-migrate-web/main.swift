import Runner
import Supervision
import System

import func Glibc.exit

// All that speaks HTTP, in a program of its own, so that claims and hooks start without what it needs.
// `git migrate` starts it; people do not.
OwnProcess.forbidLookingIn()
if CommandLine.arguments.dropFirst().first == "__supervise" { exit(Supervisor.main()) }
StandardStream.prepare()
LocalTime.readZone()
exit(WebInvocation(Array(CommandLine.arguments.dropFirst())).run())
