import Glibc
import Migration
import Support
import System
import Testing

/// Whatever a worker or a verifier leaves behind, the honest steps beside it are merged, and nothing that it
/// did not delete is gone. All of it is done by an ordinary user: root may read everything.
@Suite("Litter")
struct LitterTests {
  private static let litter = [
    "mkdir d; echo 1 > d/x; chmod 0 d", "echo x > f; chmod 0 f", "chmod 555 .", "chmod 0 t", "chmod 444 t",
    "chmod 111 t", "chmod 0 t/x", "chmod 0 a.txt", "chmod 0 .", "ln -s /etc/passwd .gitmodules",
    "mkdir 'git~1'; echo x > 'git~1/y'",
    "mkdir '.git '; echo x > '.git /y'", "p=.; for i in $(seq 150); do p=$p/d; mkdir $p; done; echo x > $p/f",
    "echo garbage > $(git rev-parse --git-dir)/index", "mkdir $(git rev-parse --git-dir)/index.lock",
    "git sparse-checkout set t", "chmod 0 $(git rev-parse --git-dir)",
    "echo '*.txt working-tree-encoding=NOSUCH' > .gitattributes",
    "rm -rf $(git rev-parse --git-dir)", "rm .git; mkdir .git", "mkfifo t/.gitignore .gitattributes",
  ]

  private func world(_ steps: String, gate: String) throws -> MigrationWorld {
    let world = try MigrationWorld(files: ["t/x": "1\n"])
    try world.start(steps, gate: gate)
    if geteuid() == 0 {
      let chown = try world.repository.run("chown", ["-R", "65534:65534", world.repository.root])
      guard chown.code == 0 else { throw TestFailure("\(chown)") }
    }
    return world
  }

  /// Done by an ordinary user.
  private func migrate(_ world: MigrationWorld, _ words: String...) throws -> TestRun {
    let arguments = [TestBinary.path] + words
    let asUser = ["--reuid", "65534", "--regid", "65534", "--clear-groups"]
    let words = geteuid() == 0 ? ["setpriv"] + asUser + arguments : arguments
    return try world.repository.run(try #require(words.first), Array(words.dropFirst()))
  }

  @Test("of a worker stops nobody else", arguments: litter)
  func worker(litter: String) throws {
    let world = try world(
      """
        - id: A
          run: |
            echo b > a.txt
            \(litter)
        - { id: B, run: 'echo b > b.txt' }
        - { id: C, run: 'echo c > c.txt' }
      """, gate: "none")
    let run = try migrate(world, "run", "-j", "1")
    #expect(run.out.contains("B merged") && run.out.contains("C merged"), "\(run)")
    let isMerged = run.out.contains("A merged")
    #expect(isMerged || run.out.contains("A is blocked") || run.code == 1, "\(run)")
    let files = try world.repository.run(
      "git", ["ls-tree", "-r", "--name-only", "migrate/mig"],
      adding: ["GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"])
    #expect(files.out.contains("t/x\n"), "\(files)")
    if isMerged && litter.contains("d/x") { #expect(files.out.contains("d/x\n"), "\(files)") }
    // It is the step's own fault, and counted: it has two attempts.
    #expect(run.out.split(separator: "A claimed by").count <= 3, "\(run)")
    let isTaken = ["chmod 0 f", "chmod 0 t/x", "chmod 0 a.txt"].contains { litter.hasSuffix($0) }
    if isTaken { #expect(isMerged, "what its owner may read is taken: \(run)") }
    // What was moved aside goes when it is asked for.
    let clean = try migrate(world, "clean", "-f")
    #expect(clean.code == 0 && !Files.exists(world.repository.path + ".migrate"), "\(clean)")
  }

  @Test("of a verifier stops nothing", arguments: litter.filter { !$0.contains("rm ") })
  func verifier(litter: String) throws {
    let world = try world(
      """
        - { id: A, run: 'echo aa > a.txt' }
        - { id: B, needs: [A], run: 'echo b > b.txt' }
      """, gate: "{ verifiers: [{ name: t, kind: build, run: \"\(litter); true\" }] }")
    let run = try migrate(world, "run", "-j", "1")
    let isMerged = run.out.contains("A merged") && run.out.contains("B merged")
    #expect(isMerged || run.out.contains("the base itself does not pass"), "\(run)")
    #expect(!run.err.contains("fatal:"), "\(run)")
  }
}
