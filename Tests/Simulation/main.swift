import Glibc

// Simulates runs over many seeds. A failing seed is told with the one line that repeats it.

var options = Options()
do throws(Options.Fault) { options = try Options(CommandLine.arguments.dropFirst()) } catch {
  print("git-migrate-simulate: \(error.text)")
  exit(129)
}
#if KNOWN_BUGS
  if options.isCanary { exit(Canary(options).run()) }
#endif
exit(await Campaign(options).run())
