import Gate
import Migration
import System

/// How test runners are asked for the names of their tests, without touching the command that starts them,
/// and where they leave them.
struct TestReports {
  /// A folder of this candidate alone, which is there.
  let folder: String
  /// The worktree that the verifier runs in.
  let worktree: String
  /// When the verifier was started: what is older was left by another run.
  let since: Timestamp

  private var pytestFile: String { folder + "/pytest.xml" }

  /// The variables to add, beside those that the verifier has.
  func variables(beside given: [String: String]) -> [String: String] {
    // A command that asks for a report of its own gets that one, and its names are read from what is printed.
    var added = ["PYTEST_ADDOPTS": joined("--junitxml=" + pytestFile, given["PYTEST_ADDOPTS"])]
    if !hasOwnGoFlags(given) { added["GOFLAGS"] = joined(given["GOFLAGS"], "-v") }
    return added
  }

  private func joined(_ one: String?, _ two: String?) -> String {
    [one, two].compactMap(\.self).filter { !$0.isEmpty }.joined(separator: " ")
  }

  /// The variable would hide what `go env -w` has written.
  private func hasOwnGoFlags(_ given: [String: String]) -> Bool {
    guard given["GOFLAGS"] == nil else { return false }
    let folders = [given["XDG_CONFIG_HOME"], given["HOME"].map { $0 + "/.config" }].compactMap(\.self)
    return folders.contains { folder in
      guard let bytes = try? Files.readFile(folder + "/go/env", limit: 1 << 20) else { return false }
      return String(decoding: bytes, as: UTF8.self).contains("GOFLAGS=")
    }
  }

  /// Puts a report that is whole aside, so that the next run of pytest in the same command does not write
  /// over it. Called while the verifier runs.
  func collect() {
    guard Files.kind(pytestFile) == .file,
      let bytes = try? Files.readPlain(pytestFile, limit: TestReports.largest),
      bytes.suffix(64).split(separator: UInt8(ascii: "<")).last?.starts(with: "/testsuite".utf8) == true
    else { return }
    let count = ((try? Files.listDirectory(folder)) ?? []).count { $0.hasPrefix(TestReports.aside) }
    try? Files.move(pytestFile, to: folder + "/" + TestReports.aside + "\(count).xml")
  }

  private static let aside = "pytest-run-"

  /// What the runners left; `nil` when there is nothing.
  func found() -> TestReport? {
    collect()
    let kept = ((try? Files.listDirectory(folder)) ?? []).filter { $0.hasPrefix(TestReports.aside) }.sorted()
    let runs = (kept.map { folder + "/" + $0 } + [pytestFile]).compactMap {
      try? Files.readPlain($0, limit: TestReports.largest)
    }
    if !runs.isEmpty { return TestReport(junit: runs, runner: "pytest") }
    let names = (try? Files.listDirectory(worktree)) ?? []
    guard names.contains(where: TestReports.javaBuilds.contains) else { return nil }
    var files: [String] = []
    search(worktree, depth: 0, isReport: false, &files)
    // However many a verifier leaves, they are not all in memory at once.
    var room = TestReports.most
    let documents = files.compactMap { file -> [UInt8]? in
      let bytes = try? Files.readPlain(file, limit: min(room, TestReports.largest))
      room -= bytes?.count ?? 0
      return bytes
    }
    let isGradle = files.contains { $0.contains("/test-results/") }
    return TestReport(junit: documents, runner: isGradle ? "gradle" : "surefire")
  }

  /// How large a report may be, and all of them together.
  private static let (largest, most) = (64 << 20, 256 << 20)
  private static let javaBuilds: Set = [
    "pom.xml", "build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts",
  ]
  private static let reportFolders: Set = ["surefire-reports", "failsafe-reports", "test-results"]

  /// Surefire's and Gradle's reports of this run, in all modules.
  private func search(_ directory: String, depth: Int, isReport: Bool, _ files: inout [String]) {
    guard depth < 12, files.count < 20_000 else { return }
    for name in (try? Files.listDirectory(directory)) ?? [] where name != ".git" && name != "node_modules" {
      let path = directory + "/" + name
      switch Files.kind(path) {
      case .directory:
        search(
          path, depth: depth + 1, isReport: isReport || TestReports.reportFolders.contains(name), &files)
      case .file where isReport && name.hasPrefix("TEST-") && name.hasSuffix(".xml"):
        if let time = Files.modified(path), time >= since.seconds { files.append(path) }
      default: continue
      }
    }
  }
}
