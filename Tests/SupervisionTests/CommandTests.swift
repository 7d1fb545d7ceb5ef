import Glibc
import Supervision
import System
import Testing

@Suite struct CommandTests {
  let world: World

  init() throws { world = try World() }

  @Test func `a child's output, errors and exit code are values`() throws {
    let outcome = try world.shell("echo out; echo err >&2; exit 3").run()
    #expect(outcome.status == .exited(3))
    #expect(outcome.text == "out\n")
    #expect(outcome.errorText == "err\n")
    #expect(!outcome.isTruncated)
  }

  @Test func `who works elsewhere is told nothing of a repository`() throws {
    let listed = try Command("git", ["rev-parse", "--local-env-vars"], environment: world.environment).run()
    let names = listed.text.split(separator: "\n").map(String.init)
    #expect(names.contains("GIT_DIR") && names.count > 10)
    // What `git -c` says is the user's, and not the repository's.
    let kept: Set = ["GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT", "PATH", "GIT_SSH_COMMAND"]
    let all = Dictionary(uniqueKeysWithValues: Set(names).union(kept).map { ($0, "x") })
    #expect(Set(ChildEnvironment.outsideOfRepository(all).keys) == kept)
  }

  @Test func `a child ended by a signal says which`() throws {
    #expect(try world.shell("kill -9 $$").run().status == .signalled(SIGKILL))
  }

  @Test func `input larger than any pipe goes in while output comes out`() throws {
    var command = Command("cat", environment: world.environment)
    command.input = [UInt8](repeating: 0x61, count: 3_000_000)
    let outcome = try command.run()
    #expect(outcome.stdout.count == 3_000_000)
    #expect(outcome.status.isSuccess)
  }

  @Test func `a child that reads nothing does not kill us with SIGPIPE`() throws {
    var command = world.shell("exec 0<&-; exit 0")
    command.input = [UInt8](repeating: 0x61, count: 3_000_000)
    #expect(try command.run().status == .exited(0))
  }

  @Test func `output over the limit is dropped and said so, without blocking the child`() throws {
    let outcome = try world.shell("head -c 5000000 /dev/zero; echo done >&2").run(outputLimit: 1000)
    #expect(outcome.stdout.count == 1000)
    #expect(outcome.isTruncated)
    #expect(outcome.errorText == "done\n")
  }

  @Test func `a background grandchild that holds the pipe is not waited for`() throws {
    var command = world.shell("sleep 60 & echo $! > pid; echo here")
    command.timeoutSeconds = 30
    let outcome = try command.run()
    #expect(outcome.status == .exited(0))
    #expect(outcome.text == "here\n")
    for pid in try world.pids("pid") { kill(pid, SIGKILL) }
  }

  @Test func `a child that ignores TERM is killed with its group after the grace time`() throws {
    var command = world.shell("trap '' TERM; sleep 60 & echo $! > pid; while :; do sleep 0.05; done")
    command.timeoutSeconds = 1
    command.graceSeconds = 1
    #expect(try command.run().status == .timedOut)
    let pids = try world.pids("pid")
    #expect(pids.count == 1)
    #expect(eventually { !pids.contains(where: isAlive) })
  }

  @Test func `nothing of our environment, descriptors or signal handling is inherited`() throws {
    let leak = open("/dev/null", O_RDONLY)
    defer { close(leak) }
    let outcome = try world.shell("env; ls /proc/self/fd | tr '\\n' ' '; grep SigIgn /proc/self/status").run()
    #expect(!outcome.text.contains("HOME="))
    #expect(outcome.text.contains("0 1 2 3 "))
    #expect(!outcome.text.contains(" 4 "))
    // The C library keeps signals 32 and 33 to itself.
    let ignored = UInt64(outcome.text.split(whereSeparator: \.isWhitespace).last ?? "", radix: 16)
    #expect(ignored.map { $0 & 0x7FFF_FFFF } == 0)
  }

  @Test func `a program that ends its output without asking back gets the end of its input`() throws {
    var command = world.shell("exec >&-; while read -r line; do :; done")
    command.timeoutSeconds = 10
    #expect(try command.run(answer: { _ in nil }).status == .exited(0))
  }

  @Test func `a program that does not ask in time gets the end of its input`() throws {
    var command = world.shell("while read -r line; do :; done; echo over")
    command.askingSeconds = 0
    command.timeoutSeconds = 10
    let outcome = try command.run(answer: { _ in nil })
    #expect(outcome.status == .exited(0))
    #expect(outcome.text == "over\n")
  }

  @Test func `names are looked up in the PATH of the child's environment`() throws {
    try Files.writeAtomically(world.path("tool"), Array("#!/bin/sh\necho mine\n".utf8), mode: 0o755)
    #expect(try Command("tool", environment: ["PATH": world.directory]).run().text == "mine\n")
    #expect(throws: ProcessError(subject: "tool", cause: .notFound)) {
      try Command("tool", environment: ["PATH": "/usr/bin"]).run()
    }
    #expect(throws: ProcessError(subject: "tool", cause: .notFound)) {
      try Command("tool", environment: ["PATH": ".:"], directory: world.directory).run()
    }
  }

  @Test func `what cannot be started is told by its cause`() throws {
    try Files.writeAtomically(world.path("data"), [], mode: 0o644)
    #expect(throws: ProcessError(subject: "/no/such", cause: .notFound)) {
      try Command("/no/such", environment: [:]).run()
    }
    #expect(throws: ProcessError(subject: world.path("data"), cause: .notExecutable)) {
      try Command(world.path("data"), environment: [:]).run()
    }
    #expect(throws: ProcessError(subject: "/bin/true", cause: .noSuchDirectory("/no/such"))) {
      try Command("/bin/true", environment: [:], directory: "/no/such").run()
    }
    #expect(throws: ProcessError(subject: "/bin/true", cause: .embeddedNUL)) {
      try Command("/bin/true", ["a\0b"], environment: [:]).run()
    }
    let error = ProcessError(subject: "gt", cause: .notFound)
    #expect(error.description == "cannot run 'gt': not found")
  }
}
