import Glibc

// Simulates runs over many seeds. A failing seed is told with the one line that repeats it.

var options = Options()
do throws(Options.Fault) { options = try Options(CommandLine.arguments.dropFirst()) } catch {
  print("git-migrate-simulate: \(error.text)")
  exit(129)
}
exit(await Campaign(options).run())
