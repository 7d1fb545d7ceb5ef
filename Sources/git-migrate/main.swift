import Glibc
import Processes

if CommandLine.arguments.dropFirst().first == "__supervise" {
  exit(Supervisor.main())
}
Context.prepareProcess()
let context = Context(environment: ChildEnvironment.current())
exit(Invocation(Array(CommandLine.arguments.dropFirst())).run(in: context))
