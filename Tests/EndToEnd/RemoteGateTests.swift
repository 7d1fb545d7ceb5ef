import CanonicalJSON
import Migration
import Support
import System
import Testing

@Suite("A verifier that a service runs")
struct RemoteGateTests {
  /// A migration whose gate is a service: a bare repository, and a command that asks for a branch there. A
  /// tree fails that has `bad`, or both `one` and `two`; each is first said to be pending.
  private func waiting(
    _ ids: [String], more: String = "", writing: (String) -> [String: String]
  ) throws -> MigrationWorld {
    let world = try MigrationWorld()
    let ci = world.repository.root + "/ci.git"
    try world.repository.git("init", "--quiet", "--bare", ci)
    try world.repository.git("remote", "add", "ci", "../ci.git")
    let ask = """
      #!/bin/sh
      echo "$MIGRATE_BRANCH $MIGRATE_REMOTE" >> "$HOME/asked"
      [ "$(git -C \(ci) rev-parse "$MIGRATE_BRANCH")" = "$MIGRATE_COMMIT" ] || exit 2
      [ -e "$HOME/seen-$MIGRATE_COMMIT" ] || { touch "$HOME/seen-$MIGRATE_COMMIT"; exit 75; }
      has() { git -C \(ci) cat-file -e "$MIGRATE_COMMIT:$1" 2> /dev/null; }
      if has bad; then echo "src/a.py:1:1: error: bad"; exit 1; fi
      if has one && has two; then echo "src/a.py:2:1: error: both"; exit 1; fi
      """
    try Files.writeAtomically(world.home("ask"), Array(ask.utf8), mode: 0o755)
    try world.start(
      ids.map { "  - { id: \($0) }" }.joined(separator: "\n"),
      gate: "{ verifiers: [{ name: ci, remote: { push: ci, status: '\"$HOME/ask\"' } }\(more)] }")
    for id in ids {
      let claim = try world.migrate("claim", id, "--worker", "w1", "--json")
      guard claim.code == 0, case .string(let place)? = try JSON.parse(claim.out)["worktree"] else {
        throw TestFailure("claim: \(claim)")
      }
      for (path, text) in writing(id) { try Files.writeAtomically(place + "/" + path, Array(text.utf8)) }
      _ = try world.migrate("submit", "--no-wait", in: place)
    }
    return world
  }

  private func own(_ id: String) -> [String: String] { ["\(id).txt": "\(id)\n"] }

  /// The branches that the service still has.
  private func branches(_ world: MigrationWorld) throws -> String {
    try world.repository.git("-C", world.repository.root + "/ci.git", "for-each-ref", "--format=%(refname)")
  }

  @Test("is asked until it knows, and what it passes lands; no branch of ours stays there")
  func good() throws {
    let world = try waiting(["A", "B", "C"], writing: own)
    let run = try world.migrate("run")
    #expect(run.code == 0, "\(run)")
    #expect(try world.merged() == ["A", "B", "C"])
    let asked = try world.note("asked").split(separator: "\n")
    #expect(asked.allSatisfy { $0.hasPrefix("migrate-ci/mig/") && $0.hasSuffix(" ci") }, "\(asked)")
    #expect(try branches(world) == "")
    #expect(try world.complaints() == "")
  }

  @Test("judges the beginnings of a train at once, and names who is to blame")
  func oneBad() throws {
    let world = try waiting(["A", "B", "C", "D"]) { $0 == "C" ? ["bad": "x\n"] : own($0) }
    let run = try world.migrate("run")
    #expect(try world.merged() == ["A", "B", "D"], "\(run)")
    #expect(run.out.contains("C  ci: "), "\(run)")
    #expect(try branches(world) == "")
    let pair = try waiting(["A", "B", "C"]) {
      $0 == "A" ? ["one": "1\n"] : $0 == "C" ? ["two": "2\n"] : own($0)
    }
    let said = try pair.migrate("run")
    #expect(try pair.merged() == ["A", "B"], "\(said)")
    #expect(said.out.contains("does not go together with 'A'"), "\(said)")
  }

  @Test("holds nobody up: what is handed in while it is asked is asked about, too")
  func joined() throws {
    let world = try waiting(["A"], writing: own)
    // The service answers when B's candidate has been pushed, too.
    let ask = """
      #!/bin/sh
      git -C "\(world.repository.root)/ci.git" cat-file -e "$MIGRATE_COMMIT:A.txt" 2> /dev/null || exit 0
      n=$(git -C "\(world.repository.root)/ci.git" for-each-ref refs/heads/migrate-ci | wc -l)
      [ "$n" -ge 2 ] || [ -e "$HOME/both" ] || exit 75
      touch "$HOME/both"
      """
    try Files.writeAtomically(world.home("ask"), Array(ask.utf8), mode: 0o755)
    try world.amend(
      "  - { id: A }\n  - { id: B, run: 'while [ ! -e \"$HOME/go\" ]; do sleep 0.1; done; echo b > b' }",
      gate: "{ verifiers: [{ name: ci, remote: { push: ci, status: '\"$HOME/ask\"' } }] }")
    let run = try world.begin("run")
    #expect(eventually { (try? world.count("train 1 started: A")) == 1 })
    try world.allow("go")
    let ended = try run.wait()
    #expect(ended.code == 0, "\(ended)")
    #expect(try world.merged() == ["A", "B"])
    #expect(try world.count("train 1 joined by B") == 1)
    #expect(try branches(world) == "")
    #expect(try world.complaints() == "")
  }

  @Test("comes after those of this machine, which hold no worktree while it is asked")
  func both() throws {
    let here = ", { name: here, kind: lint, run: 'echo run >> \"$HOME/runs\"; test ! -e red' }"
    let world = try waiting(["A", "B"], more: here) { $0 == "B" ? ["red": "x\n"] : own($0) }
    let run = try world.migrate("run")
    #expect(try world.merged() == ["A"], "\(run)")
    #expect(run.out.contains("B  here: "), "\(run)")
    #expect(try world.note("runs").split(separator: "\n").count >= 3)
    #expect(try branches(world) == "")
  }

  @Test("that does not take the candidate has said nothing of it")
  func refused() throws {
    let world = try waiting(["A"], writing: own)
    let hook = world.repository.root + "/ci.git/hooks/pre-receive"
    try Files.writeAtomically(hook, Array("#!/bin/sh\necho no room >&2\nexit 1\n".utf8), mode: 0o755)
    let run = try world.migrate("run")
    #expect(run.code == 1, "\(run)")
    #expect(run.out.contains("could not run"), "\(run)")
    #expect(run.out.contains("'ci' does not take the candidate: no room"), "\(run)")
    #expect(try world.merged() == [])
  }
}
