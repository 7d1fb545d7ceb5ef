import Processes
import Support

/// A real Python project of PyPI with its tests, and a real codemod, fetched once into the build folder.
///
/// Pinned: Markdown 3.1.1 still speaks Python 2 in every file, and its own suite runs offline in two seconds.
struct PythonProject {
  /// The unpacked source archive.
  let source: String
  /// The folder of the programs of the virtual environment.
  let programs: String

  /// Fetches it, or throws why it cannot be had: no network, no Python.
  init() throws {
    let cache = TestBinary.directory + "/acceptance-cache"
    source = cache + "/Markdown-3.1.1"
    programs = cache + "/venv/bin"
    let done = cache + "/done"
    if Files.exists(done) { return }
    try Files.removeTree(cache)
    try Files.makeDirectories(cache)
    try PythonProject.run("python3", ["-m", "venv", cache + "/venv"], in: cache)
    try PythonProject.run(
      programs + "/pip", ["install", "--quiet", "pyupgrade==3.15.0", "PyYAML==6.0.1"], in: cache)
    let download = [
      "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", cache, "Markdown==3.1.1",
    ]
    try PythonProject.run(programs + "/pip", download, in: cache)
    // The archive's files belong to somebody else; git would call the repository's ownership dubious.
    try PythonProject.run("tar", ["xzf", "Markdown-3.1.1.tar.gz", "--no-same-owner"], in: cache)
    try Files.writeAtomically(done, [])
  }

  private static func run(_ program: String, _ arguments: [String], in directory: String) throws {
    var command = Command(
      program, arguments, environment: ChildEnvironment.current(), directory: directory)
    command.timeoutSeconds = 300
    let outcome = try command.run()
    guard outcome.status.isSuccess else {
      throw TestFailure("\(program) \(arguments.joined(separator: " ")): \(outcome.errorText)\(outcome.text)")
    }
  }
}
