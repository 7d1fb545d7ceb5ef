import Supervision
import Support
import System

/// A real Python project of PyPI with its tests, and the tools to change and judge it, fetched once into the
/// build folder.
struct PythonProject {
  /// The unpacked source archive.
  let source: String
  /// The folder of the programs of the virtual environment.
  let programs: String

  /// Pinned: all of them run offline on what they hold, pure Python, in seconds.
  enum Release: String, Sendable {
    /// Still speaks Python 2 in every file.
    case markdown = "Markdown-3.1.1"
    /// Judged by a pytest that stands on it.
    case pluggy = "pluggy-1.5.0"
    /// A suite of less than a second.
    case idna = "idna-3.7"

    fileprivate var requirement: String { rawValue.replacing("-", with: "==") }
  }

  private static let tools = ["pyupgrade==3.15.0", "PyYAML==6.0.1", "pytest==7.4.4"]

  /// Fetches it, or throws why it cannot be had: no network, no Python.
  init(_ release: Release) throws {
    let cache = TestBinary.directory + "/acceptance-cache"
    source = "\(cache)/\(release.rawValue)"
    programs = cache + "/tools/bin"
    try Files.makeDirectories(cache)
    // What has its last name is whole.
    if !Files.exists(cache + "/tools/done") {
      try Files.removeTree(cache + "/tools")
      try PythonProject.run("python3", ["-m", "venv", cache + "/tools"], in: cache)
      try PythonProject.run(programs + "/pip", ["install", "--quiet"] + PythonProject.tools, in: cache)
      try Files.writeAtomically(cache + "/tools/done", [])
    }
    if Files.exists(source) { return }
    let place = source + ".part"
    try Files.removeTree(place)
    try Files.makeDirectories(place)
    let download = [
      "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", place, release.requirement,
    ]
    try PythonProject.run(programs + "/pip", download, in: place)
    // The archive's files belong to somebody else; git would call the repository's ownership dubious.
    let archive = "\(place)/\(release.rawValue).tar.gz"
    try PythonProject.run("tar", ["xzf", archive, "--no-same-owner"], in: place)
    try Files.move("\(place)/\(release.rawValue)", to: source)
    try Files.removeTree(place)
  }

  /// Puts the project into the world's repository as its first commit. Bytecode is ignored, as everywhere.
  func commit(to world: TestRepository) throws {
    let copy = try world.run("cp", ["-R", source + "/.", world.path])
    guard copy.code == 0 else { throw TestFailure("cp: \(copy)") }
    try world.write(".gitignore", "__pycache__/\n.pytest_cache/\n")
    try world.git("add", "--force", ".")
    try world.git("commit", "--quiet", "--message=The project")
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
