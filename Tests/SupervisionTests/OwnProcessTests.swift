import Glibc
import Supervision
import System
import Testing

/// FIELD F21: `/proc/<run>/environ` was readable by whoever a worker is.
@Suite struct OwnProcessTests {
  /// As another user than root, whom nothing is kept from; the program lies where that user can run it.
  private static let asNobody =
    geteuid() == 0 ? "setpriv --reuid=65534 --regid=65534 --clear-groups --" : "env --"

  @Test func `nobody of the same user reads the environment or the memory of ours, but that of its children`()
    throws
  {
    let world = try World()
    chmod(world.directory, 0o755)
    #expect(
      try world.shell("cp '\(World.program)' program && chmod 755 program && mkfifo -m 666 life").run().status
        .isSuccess)
    let script = """
      exec 4<>life
      (exec env TOKEN=canary \(OwnProcessTests.asNobody) ./program __supervise <life 3>report) &
      ours=$!
      (exec env TOKEN=canary \(OwnProcessTests.asNobody) sleep 300) &
      other=$!
      # It has begun when it, and not the shell before it, watches for signals.
      until grep -q program /proc/$ours/comm && grep -q sleep /proc/$other/comm &&
        grep -q 'SigCgt:.*[1-9a-f]' /proc/$ours/status; do sleep 0.05; done
      for what in environ mem maps; do
        \(OwnProcessTests.asNobody) head -c 1 /proc/$ours/$what >/dev/null 2>&1 && echo "read $what"
      done
      \(OwnProcessTests.asNobody) grep -c canary /proc/$other/environ
      kill $ours $other
      """
    var command = world.shell(script)
    command.timeoutSeconds = 60
    let outcome = try command.run()
    #expect(outcome.text == "1\n", "\(outcome.text)\(outcome.errorText)")
  }
}
