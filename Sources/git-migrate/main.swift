import Glibc
import Processes

if CommandLine.arguments.dropFirst().first == "__supervise" {
  exit(Supervisor.main(arguments: Array(CommandLine.arguments.dropFirst(2))))
}
Context.prepareProcess()
let context = Context(environment: ChildEnvironment.current())
exit(Invocation(Array(CommandLine.arguments.dropFirst())).run(in: context))
