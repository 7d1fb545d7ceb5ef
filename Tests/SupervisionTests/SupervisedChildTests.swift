import Glibc
import Supervision
import System
import Testing

@Suite struct SupervisedChildTests {
  let world: World

  init() throws { world = try World() }

  private func start(_ command: Supervised) throws -> SupervisedChild {
    try Supervisors(executable: World.program).start(command)
  }

  @Test func `output and errors are appended to the log and the exit code is reported`() throws {
    try Files.append(world.path("log"), Array("before\n".utf8))
    let result = try start(world.supervised("echo out; echo err >&2; exit 7")).wait()
    #expect(result.status == .exited(7))
    #expect(result.survivorsKilled == 0)
    #expect(result.endedMilliseconds >= result.startedMilliseconds)
    #expect(try world.log() == "before\nout\nerr\n")
  }

  @Test func `standard input comes from a file, else from nowhere`() throws {
    try Files.writeAtomically(world.path("prompt"), Array("do it".utf8))
    var command = world.supervised("cat; echo .")
    #expect(try start(command).wait().status == .exited(0))
    command.inputFile = world.path("prompt")
    #expect(try start(command).wait().status == .exited(0))
    #expect(try world.log() == ".\ndo it.\n")
  }

  @Test func `an argument list reaches the program byte for byte`() throws {
    let odd = ["-n", "--", "a b", "", "ü'\"$x\n"]
    let command = Supervised(
      arguments: ["printf", "<%s>"] + odd, environment: world.environment, logFile: world.path("log"))
    #expect(try start(command).wait().status == .exited(0))
    #expect(try world.log() == odd.map { "<\($0)>" }.joined())
  }

  @Test func `what cannot be started is an error of start`() throws {
    let missing = Supervised(
      arguments: ["no-such-tool"], environment: world.environment, logFile: world.path("log"))
    #expect(throws: ProcessError(subject: "no-such-tool", cause: .notFound)) { try start(missing) }
    var nowhere = world.supervised("true")
    nowhere.directory = "/no such"
    #expect(throws: ProcessError(subject: "/bin/sh", cause: .noSuchDirectory("/no such"))) {
      try start(nowhere)
    }
    var mute = world.supervised("true")
    mute.inputFile = "/no/input"
    #expect(throws: ProcessError.self) { try start(mute) }
    #expect(throws: ProcessError(subject: "/bin/sh", cause: .noReport)) {
      try Supervisors(executable: "/bin/true").start(world.supervised("true"))
    }
  }

  @Test func `poll tells nothing before the end and the descriptor wakes at it`() throws {
    let child = try start(world.supervised("while [ ! -e go ]; do sleep 0.02; done; exit 4"))
    #expect(child.poll() == nil)
    try Files.writeAtomically(world.path("go"), [])
    #expect(Poller(reading: [child.pollDescriptor]).wait(milliseconds: 10_000) == [child.pollDescriptor])
    #expect(eventually { child.poll() == .exited(4) })
    #expect(child.wait().status == .exited(4))
  }

  @Test func `a command that ignores TERM is killed after its timeout and grace`() throws {
    var command = world.supervised("trap '' TERM; echo $$ > pid; while :; do sleep 0.05; done")
    command.timeoutSeconds = 1
    command.graceSeconds = 1
    let result = try start(command).wait()
    #expect(result.status == .timedOut)
    #expect(try world.pids("pid").count == 1)
    #expect(try !world.pids("pid").contains(where: isAlive))
  }

  @Test func `a command that obeys TERM may finish its work in the grace time`() throws {
    let script =
      "sh -c 'trap \"sleep 0.3; echo saved; exit\" TERM; echo > up; while :; do sleep 0.05; done'; :"
    let child = try start(world.supervised(script))
    #expect(eventually { Files.exists(world.path("up")) })
    child.terminate()
    _ = child.wait()
    #expect(try world.log().contains("saved"))
  }

  @Test func `daemons that left the session are dead when the result is there`() throws {
    // Twice forked, own sessions, TERM ignored, holding the output pipe.
    let daemon = "trap \"\" TERM; echo $$ >> pids; sleep 300"
    let script = """
      (setsid sh -c '(setsid sh -c "\(daemon.escaped)" &) ; \(daemon)' &)
      sh -c '\(daemon)' &
      while [ "$(wc -l < pids 2>/dev/null || echo 0)" -lt 3 ]; do sleep 0.02; done
      exit 5
      """
    let result = try start(world.supervised(script)).wait()
    let pids = try world.pids("pids")
    #expect(result.status == .exited(5))
    #expect(pids.count == 3)
    #expect(!pids.contains(where: isAlive))
    // Each of them has a `sleep` below it.
    #expect(result.survivorsKilled >= 3)
    #expect(result.survivorsLeft == 0)
  }

  @Test func `terminate ends a command that would run for ever`() throws {
    let child = try start(world.supervised("echo > up; sleep 300"))
    #expect(eventually { Files.exists(world.path("up")) })
    child.terminate()
    #expect(child.wait().status == .signalled(SIGTERM))
    #expect(!isAlive(child.pid))
  }

  @Test func `letting go of the child kills it`() throws {
    var child: SupervisedChild? = try start(world.supervised("trap '' TERM; while :; do sleep 0.05; done"))
    let pid = child?.pid ?? 0
    #expect(isAlive(pid))
    child = nil
    #expect(!isAlive(pid))
  }

  @Test func `a flood of output fills the log up to its limit and keeps the last lines`() throws {
    var command = world.supervised("echo first; yes | head -c 20000000; echo last")
    command.logLimit = 100_000
    #expect(try start(command).wait().status == .exited(0))
    let log = try world.log()
    #expect(log.utf8.count < 100_100)
    #expect(log.utf8.count > 90_000)
    #expect(log.hasPrefix("first\ny\n"))
    #expect(log.hasSuffix("y\nlast\n"))
    #expect(log.contains("bytes of output left out]"))
  }

  @Test func `output at the limit is kept whole`() throws {
    var command = world.supervised("printf 0123456789abcdef")
    command.logLimit = 16
    _ = try start(command).wait()
    #expect(try world.log() == "0123456789abcdef")
  }

  @Test func `when the parent is killed nothing of the command lives on`() throws {
    // The parent is a shell that holds the lifeline and runs the supervisor's own command line.
    let daemon = "trap \"\" TERM; echo $$ >> pids; sleep 300"
    try Files.writeAtomically(
      world.path("work.sh"),
      Array("setsid sh -c '\(daemon)' &\nsh -c '\(daemon)' &\n\(daemon)\n".utf8))
    let words = ["--log", "log", "--limit", "1000", "--grace", "10", "--", "/bin/sh", "work.sh"]
    try Files.writeAtomically(world.path("request"), words.flatMap { Array($0.utf8) + [0] })
    let script = """
      mkfifo life
      '\(World.program)' __supervise <life 3>report &
      exec 4>life
      { printf '%s\\0' "$(wc -c <request | tr -d ' ')"; cat request; } >&4
      echo $$ > parent
      wait
      """
    try Files.writeAtomically(world.path("parent.sh"), Array(script.utf8))
    // Started by a shell of its own, because `Command` closes whatever its child leaves open.
    _ = try world.shell("setsid sh parent.sh >/dev/null 2>&1 &").run()
    #expect(try eventually { try world.pids("pids").count == 3 })
    let pids = try world.pids("pids")
    #expect(pids.allSatisfy(isAlive))
    for parent in try world.pids("parent") { kill(parent, SIGKILL) }
    #expect(eventually(within: 5) { !pids.contains(where: isAlive) })
  }

  @Test func `a supervisor killed by somebody else is told apart and its command ended`() throws {
    let child = try start(world.supervised("sleep 300"))
    kill(child.supervisor.pid, SIGKILL)
    let result = child.wait()
    #expect(result.isSupervisorLost)
    #expect(eventually { !isAlive(child.pid) })
  }

  @Test func `a supervisor serves one command after the other, each with its own log and environment`() throws
  {
    let pool = Supervisors(executable: World.program)
    var first = world.supervised("echo $WHO; sleep 300 & echo $! > left; exit 3")
    first.environment["WHO"] = "first"
    let one = try pool.start(first)
    #expect(one.wait().status == .exited(3))
    #expect(one.wait().survivorsKilled == 1)
    #expect(try !world.pids("left").contains(where: isAlive))
    var second = world.supervised("echo ${WHO-nobody}")
    second.logFile = world.path("second")
    let two = try pool.start(second)
    // Too late: the wish reaches an idle supervisor at most, and must not end a later command.
    one.terminate()
    #expect(two.wait().status == .exited(0))
    #expect(two.supervisor == one.supervisor)
    #expect(try world.log() == "first\n")
    #expect(try Files.readFile(world.path("second")) == Array("nobody\n".utf8))
    let three = try pool.start(world.supervised("sleep 300"))
    three.kill()
    #expect(three.wait().status == .signalled(SIGKILL))
    let four = try pool.start(world.supervised("true"))
    #expect(four.wait().status == .exited(0))
    #expect(four.supervisor != three.supervisor)
    pool.end()
    #expect(four.supervisor.liveness() == .dead)
  }

  @Test func `an idle supervisor that was killed costs nothing`() throws {
    let pool = Supervisors(executable: World.program)
    let one = try pool.start(world.supervised("true"))
    _ = one.wait()
    kill(one.supervisor.pid, SIGKILL)
    #expect(try pool.start(world.supervised("exit 5")).wait().status == .exited(5))
  }

  @Test func `a wish to end that came too late does not reach the next command`() throws {
    let pool = Supervisors(executable: World.program)
    let one = try pool.start(world.supervised("true"))
    // The supervisor is idle, and we have not looked yet.
    #expect(eventually { Poller(reading: [one.pollDescriptor]).wait(milliseconds: 0).isEmpty == false })
    one.terminate()
    #expect(one.wait().status == .exited(0))
    #expect(try pool.start(world.supervised("sleep 0.1; exit 6")).wait().status == .exited(6))
  }

  @Test func `a canary in our environment does not reach the command`() throws {
    let parent = world.environment.merging([
      "GITHUB_TOKEN": "canary-1", "AWS_SECRET_ACCESS_KEY": "canary-2", "SSH_AUTH_SOCK": "canary-3",
      "GIT_DIR": "canary-4", "OPENAI_API_KEY": "canary-5", "SOMETHING": "canary-6", "JAVA_HOME": "/java",
      "ANTHROPIC_API_KEY": "named",
    ]) { $1 }
    var command = world.supervised("env")
    command.environment = ChildEnvironment.allowList(
      from: parent, adding: ["MIGRATE_STEP": "s1"], extraNames: ["ANTHROPIC_API_KEY"])
    _ = try start(command).wait()
    let log = try world.log()
    #expect(!log.contains("canary"))
    #expect(log.contains("JAVA_HOME=/java\n"))
    #expect(log.contains("MIGRATE_STEP=s1\n"))
    #expect(log.contains("ANTHROPIC_API_KEY=named\n"))
  }
}

extension String {
  /// For one more level of double quotes in a shell script.
  fileprivate var escaped: String {
    var result = ""
    for character in self {
      if character == "\"" || character == "$" { result += "\\" }
      result.append(character)
    }
    return result
  }
}
