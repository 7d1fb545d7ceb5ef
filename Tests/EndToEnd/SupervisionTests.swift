import CanonicalJSON
import Glibc
import Migration
import Support
import System
import Testing

/// Runs that end before their time: whatever happens, no process stays, and no work is lost or repeated.
@Suite("A run that is cut off")
struct SupervisionTests {
  /// Detaches a daemon that leaves its session, its group and its parent, and ignores TERM.
  private static let daemon =
    #"setsid sh -c "trap '' TERM; touch $HOME/daemon; while :; do sleep 1; done" "#
    + #"> /dev/null 2>&1 &"#

  @Test("a worker that takes too long is ended with everything that came of it")
  func timeout() throws {
    let world = try MigrationWorld()
    try world.start(
      """
        - id: A
          timeout: 8s
          run: |
            \(SupervisionTests.daemon)
            while [ ! -e "$HOME/daemon" ]; do sleep 0.05; done
            echo half > half
            sleep 1000
        - { id: B, run: 'echo x > x' }
      """)
    let run = try world.begin("run", "--jobs", "2")
    #expect(try run.wait().code == 1, "\(run.output)")
    #expect(run.output.contains("took longer than 8 s"), "\(run.output)")
    #expect(try world.states() == ["A": "blocked", "B": "merged"])
    #expect(Files.exists(world.home("daemon")))
    #expect(try world.survivors() == [])
    #expect(try world.file("half", at: "refs/migrate/attempt/mig/A/1") == "half")
  }

  @Test("a worker that ignores TERM is killed after the grace time")
  func ignoresTerm() throws {
    let world = try MigrationWorld()
    try world.start(
      """
        - id: A
          timeout: 1s
          run: |
            trap '' TERM
            while :; do sleep 1; done
      """)
    let run = try world.begin("run")
    #expect(eventually { run.output.contains("took longer than 1 s") }, "\(run.output)")
    run.send(SIGINT)
    _ = try run.wait()
    #expect(try world.survivors() == [])
  }

  @Test("Ctrl-C gives the claims back, keeps what was done and leaves no process")
  func interrupted() throws {
    let world = try MigrationWorld()
    let wait =
      #"echo half > half-$MIGRATE_STEP; touch "$HOME/at-$MIGRATE_STEP"; "#
      + #"while [ ! -e "$HOME/go" ]; do sleep 0.05; done; mv half-$MIGRATE_STEP whole-$MIGRATE_STEP"#
    try world.start(
      """
        - { id: A, run: '\(wait)' }
        - { id: B, run: '\(wait)' }
        - { id: C, needs: [A, B], run: '\(wait)' }
      """)
    let run = try world.begin("run", "--jobs", "2")
    #expect(eventually { Files.exists(world.home("at-A")) && Files.exists(world.home("at-B")) })
    run.send(SIGINT)
    let end = try run.wait()
    #expect(end.code == 130, "\(end)")
    #expect(end.out.contains("claims are given back"), "\(end)")
    #expect(try world.states() == ["A": "ready", "B": "ready", "C": "waiting"])
    #expect(try world.file("half-A", at: "refs/migrate/attempt/mig/A/1") == "half")
    #expect(try world.file("half-B", at: "refs/migrate/attempt/mig/B/1") == "half")
    #expect(try world.survivors() == [])

    try world.allow("go")
    #expect(try world.migrate("run").code == 0)
    let tree = try world.repository.git("ls-tree", "--name-only", "migrate/mig")
    #expect(tree == "a.txt\nwhole-A\nwhole-B\nwhole-C")
    #expect(try world.steps().allSatisfy { $0["attempts"] == .integer(1) }, "a stop is no failed attempt")
  }

  @Test("a terminal that goes away, and a request to end, do the same", arguments: [SIGHUP, SIGTERM])
  func asked(_ signal: Int32) throws {
    let world = try MigrationWorld()
    try world.start(#"  - { id: A, run: 'touch "$HOME/at"; sleep 600' }"#)
    let run = try world.begin("run")
    #expect(eventually { Files.exists(world.home("at")) })
    run.send(signal)
    let end = try run.wait()
    #expect(end.code == 143, "\(end)")
    #expect(end.out.contains("claims are given back"), "\(end)")
    #expect(try world.states() == ["A": "ready"])
    #expect(try world.survivors() == [])
  }

  @Test("a reader of standard output that goes away does the same; one of standard error is not missed")
  func unread() throws {
    let world = try MigrationWorld()
    try world.start(
      #"  - { id: A, run: 'echo a > a' }"# + "\n"
        + #"  - { id: B, needs: [A], run: 'touch "$HOME/at"; sleep 600' }"#)
    // `head` leaves after the first line; the run finds out at its next one, which is that of B's claim.
    let script = "{ \"$1\" run; echo $? > \"$HOME/code\"; } 2> \"$HOME/err\" | head -n 1"
    let piped = try BackgroundRun(world.repository, "sh", ["-c", script, "sh", TestBinary.path])
    _ = try piped.wait()
    let said = try world.note("err")
    #expect(try world.note("code") == "141\n", "\(said)")
    #expect(said.contains("nobody reads standard output any more"), "\(said)")
    #expect(try !world.states().values.contains { ["leased", "gating"].contains($0) })
    #expect(try world.survivors() == [])
    let again = try world.migrate("status")
    #expect(again.code == 0 && !again.out.contains("leased"), "\(again)")

    let claim = try world.repository.run(
      "sh", ["-c", "{ \"$1\" claim; echo $? > \"$HOME/code\"; } | :", "sh", TestBinary.path])
    #expect(try world.note("code") == "141\n", "\(claim)")
    #expect(try !world.states().values.contains("leased"))

    try world.amend(#"  - { id: A, run: 'echo a > a' }"# + "\n" + "  - { id: B, run: 'echo b > b' }")
    _ = try world.repository.run("sh", ["-c", "{ \"$1\" run; } 2>&1 >/dev/null | :", "sh", TestBinary.path])
    #expect(try world.states() == ["A": "merged", "B": "merged"])
  }

  @Test("a worker that stops its supervisor, once or over and over, fails by itself and is ended")
  func stoppedSupervisor() throws {
    let world = try MigrationWorld()
    try world.start(
      """
        - { id: A, timeout: 1s, run: 'kill -STOP $PPID; exec sleep 600' }
        - { id: B, run: 'while :; do kill -STOP $PPID; done' }
        - { id: C, run: 'kill -STOP $PPID; echo c > c' }
      """, gate: "{ verifiers: [{ name: t, run: 'kill -STOP $PPID' }] }")
    let run = try world.begin("run", "--jobs", "2")
    #expect(try run.wait().code == 1, "\(run.output)")
    #expect(try world.states() == ["A": "blocked", "B": "blocked", "C": "merged"])
    #expect(try world.members("reason")["A"]?.contains("took longer than 1 s") == true)
    #expect(try world.survivors() == [])
    let log = try world.migrate("logs", "B")
    #expect(log.out.contains("it stopped its supervisor again and again"), "\(log)")
    // By hand nobody else is there but the command itself.
    try world.amend(
      "  - { id: D }", gate: "{ verifiers: [{ name: t, timeout: 1s, run: 'kill -STOP $PPID; sleep 600' }] }")
    #expect(try world.migrate("claim", "D").code == 0)
    try Files.writeAtomically(world.slot(1) + "/d", Array("d".utf8))
    let submit = try BackgroundRun(world.repository, TestBinary.path, ["submit", "D"])
    #expect(try submit.wait(seconds: 120).code != 0, "\(submit.output)")
    #expect(try world.survivors() == [])
  }

  @Test("one that was started with nohup stays when the terminal goes away")
  func deaf() throws {
    let world = try MigrationWorld()
    try world.start(
      #"  - { id: A, run: 'touch "$HOME/at"; while [ ! -e "$HOME/go" ]; do sleep 0.05; done' }"#)
    let run = try BackgroundRun(world.repository, "nohup", [TestBinary.path, "run"])
    #expect(eventually { Files.exists(world.home("at")) })
    run.send(SIGHUP)
    try world.allow("go")
    #expect(try run.wait().code == 0)
    #expect(try world.states() == ["A": "merged"])
  }

  @Test("Ctrl-C during the gate gives the gate back, and the step waits for the next run")
  func interruptedGate() throws {
    let world = try MigrationWorld()
    try world.start(
      "  - { id: A, run: 'echo x > x' }",
      gate: "{ verifiers: [{ name: t, run: "
        + "'test ! -e x || { touch \"$HOME/at\"; while [ ! -e \"$HOME/go\" ]; do sleep 0.05; done; }' }] }")
    let run = try world.begin("run")
    #expect(eventually { Files.exists(world.home("at")) })
    run.send(SIGINT)
    #expect(try run.wait().code == 130)
    #expect(try world.states() == ["A": "submitted"])
    #expect(try world.survivors() == [])
    try world.allow("go")
    #expect(try world.migrate("run").code == 0)
    #expect(try world.count("A claimed") == 1, "the work is not done again")
    #expect(try world.states() == ["A": "merged"])
  }

  @Test("kill -9 leaves no process within five seconds; the next run ends it all and repeats nothing")
  func killed() throws {
    let world = try MigrationWorld()
    let steps = (1...12).map { number in
      let wait =
        number == 7
        ? #"echo half > half; \#(SupervisionTests.daemon) "#
          + #"while [ ! -e "$HOME/daemon" ]; do sleep 0.05; done; "#
          + #"touch "$HOME/at"; while [ ! -e "$HOME/go" ]; do sleep 0.05; done; "# : ""
      return "  - id: S\(number)\n    run: |\n      echo $MIGRATE_STEP >> \"$HOME/done\"\n"
        + "      \(wait)\n      echo x > f\(number)"
    }
    try world.start(
      steps.joined(separator: "\n"), gate: "{ verifiers: [{ name: t, run: 'test -e a.txt' }] }")
    let run = try world.begin("run", "--jobs", "3")
    #expect(
      eventually {
        Files.exists(world.home("at")) && ((try? world.merged().count) ?? 0) >= 3
      }, "\(run.output)")
    run.send(SIGKILL)
    #expect(try world.survivors() == [])
    let before = try world.merged()
    try world.allow("go")
    let next = try world.migrate("run", "--jobs", "3")
    #expect(next.code == 0, "\(next)")
    #expect(Array(try world.merged().prefix(before.count)) == before)
    #expect(try world.merged().count == 12)
    #expect(Set(try world.merged()).count == 12)
    let tree = try world.repository.git("ls-tree", "--name-only", "migrate/mig").split(separator: "\n")
    #expect(tree.count(where: { $0.hasPrefix("f") }) == 12)
    #expect(try world.steps().allSatisfy { $0["attempts"] == .integer(1) })
    #expect(try world.complaints() == "")
    // Until its slot is used again, what a killed worker left lies there, and only then on its ref.
    #expect(try world.migrate("finish").code == 0)
    #expect(try world.file("half", at: "refs/migrate/attempt/mig/S7/1") == "half", "nothing is lost")
  }

  @Test("kill -9 at any moment of many runs never loses or doubles a step", arguments: 1...3)
  func killedAgainAndAgain(_ round: Int) throws {
    let world = try MigrationWorld()
    let steps = (1...8).map { "  - { id: S\($0), run: 'echo x > f\($0)' }" }
    try world.start(
      steps.joined(separator: "\n"), gate: "{ verifiers: [{ name: t, run: 'test -e a.txt' }] }")
    var runs = 0
    // Each run is killed when the ledger has grown by a few entries more than for the last one.
    while runs < 8, try world.states().values.contains(where: { $0 != "merged" }) {
      runs += 1
      let entries = try world.sentences().count
      let run = try world.begin("run", "--jobs", "2")
      _ = eventually(within: 30) {
        !run.isRunning || ((try? world.sentences().count) ?? 0) >= entries + round + runs
      }
      run.send(SIGKILL)
      #expect(try world.survivors() == [])
    }
    let last = try world.migrate("run")
    #expect(last.code == 0, "\(last)")
    #expect(try world.merged().sorted() == (1...8).map { "S\($0)" })
    #expect(try world.complaints() == "")
  }

  @Test("two runs at once share the work and do nothing twice")
  func twoRuns() throws {
    let world = try MigrationWorld()
    let steps = (1...16).map {
      "  - { id: S\($0), run: 'echo $MIGRATE_STEP >> \"$HOME/done\"; echo x > f\($0)' }"
    }
    try world.start(
      steps.joined(separator: "\n"), gate: "{ verifiers: [{ name: t, run: 'test -e a.txt' }] }")
    let first = try world.begin("run", "--jobs", "2")
    let second = try world.begin("run", "--jobs", "2")
    let ends = [try first.wait(), try second.wait()]
    #expect(ends.allSatisfy { $0.code == 0 }, "\(ends)")
    let done = try world.note("done").split(separator: "\n")
    #expect(done.count == 16 && Set(done).count == 16)
    #expect(try world.merged().count == 16)
    #expect(try world.complaints() == "")
  }
}
