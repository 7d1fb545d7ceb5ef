import Runner
import Supervision
import System

import func Glibc.exit

OwnProcess.forbidLookingIn()

#if KNOWN_BUGS
  import Migration

  KnownBug.active = KnownBug(rawValue: ChildEnvironment.current()["MIGRATE_KNOWN_BUG"] ?? "")
#endif

if CommandLine.arguments.dropFirst().first == Within.word {
  exit(Within.enter(Array(CommandLine.arguments.dropFirst(2))))
}
if CommandLine.arguments.dropFirst().first == "__supervise" {
  exit(Supervisor.main())
}
Context.prepareProcess()
let context = Context(environment: ChildEnvironment.current())
if HarvestProcess.isWanted(Array(CommandLine.arguments.dropFirst())) { exit(context.harvest()) }
if FleetPushProcess.isWanted(Array(CommandLine.arguments.dropFirst())) { exit(context.pushFleet()) }
if FleetBasesProcess.isWanted(Array(CommandLine.arguments.dropFirst())) { exit(context.bringBases()) }
exit(Invocation(Array(CommandLine.arguments.dropFirst())).run(in: context))
