import Glibc
import Processes

if CommandLine.arguments.dropFirst().first == "__supervise" {
  exit(Supervisor.main(arguments: Array(CommandLine.arguments.dropFirst(2))))
}
