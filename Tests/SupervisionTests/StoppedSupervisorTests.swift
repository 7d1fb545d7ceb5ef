import Glibc
import Supervision
import System
import Testing

/// What a command does to the process that is to end it (FIELD F10): it runs as the same user, and may.
@Suite struct StoppedSupervisorTests {
  let world: World
  let pool = Supervisors(executable: World.program)

  init() throws { world = try World() }

  /// Ends for sure within the time that a person would give it.
  private func end(of child: SupervisedChild) -> Supervision.ExitStatus? {
    var status: Supervision.ExitStatus?
    let isOver = eventually(within: 60) {
      status = child.poll()
      return status != nil
    }
    return isOver ? status : nil
  }

  @Test func `a supervisor that was stopped goes on, and its command's timeout holds`() throws {
    var command = world.supervised("kill -STOP $PPID; echo $$ > pid; exec sleep 300")
    command.timeoutSeconds = 1
    #expect(end(of: try pool.start(command)) == .timedOut)
    #expect(try !world.pids("pid").contains(where: isAlive))
  }

  @Test func `one that is stopped at the last moment tells the end all the same`() throws {
    #expect(end(of: try pool.start(world.supervised("kill -STOP $PPID; exit 7"))) == .exited(7))
  }

  @Test func `one that is stopped again and again is ended from outside with all that is below it`() throws {
    let loop = "while :; do kill -STOP $PPID; done"
    let script = "(setsid sh -c 'echo $$ > daemon; trap \"\" TERM; exec sleep 300' &); echo $$ > pid; \(loop)"
    let child = try pool.start(world.supervised(script))
    #expect(end(of: child) == .signalled(SIGKILL))
    let pids = try world.pids("pid") + world.pids("daemon")
    #expect(pids.count == 2 && !pids.contains(where: isAlive))
    #expect(try world.log().contains("it stopped its supervisor again and again"))
    // Whoever comes next has a supervisor.
    #expect(end(of: try pool.start(world.supervised("exit 3"))) == .exited(3))
  }

  @Test func `one that is stopped over and over before it can tell of the start says why all the same`()
    throws
  {
    // Stands for a supervisor that is never fast enough, as on a busy machine.
    let script = """
      #!/bin/sh
      for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22; do kill -STOP $$; done
      echo "started $$ 1" >&3
      echo 'ended signalled 9 0 0 1 2' >&3
      exec cat > /dev/null
      """
    let slow = world.directory + "/slow"
    try Files.writeAtomically(slow, Array(script.utf8), mode: 0o755)
    let child = try Supervisors(executable: slow).start(world.supervised("true"))
    #expect(end(of: child) == .signalled(SIGKILL))
    #expect(try world.log().contains("it stopped its supervisor again and again"))
  }

  @Test func `a wish to end, a kill, and the end of the program reach what is below a stopped one`() throws {
    let stop = "kill -STOP $PPID; echo $$ >> pids; trap '' TERM; while :; do sleep 0.05; done"
    var command = world.supervised(stop)
    command.graceSeconds = 1
    let asked = try pool.start(command)
    #expect(try eventually { try world.pids("pids").count == 1 })
    asked.terminate()
    #expect(end(of: asked) == .signalled(SIGKILL))
    var dropped: SupervisedChild? = try pool.start(command)
    #expect(try eventually { try world.pids("pids").count == 2 })
    #expect(dropped?.pid != nil)
    dropped = nil
    #expect(try !world.pids("pids").contains(where: isAlive))
  }

  @Test func `an idle one that was stopped serves the next command, however long its words are`() throws {
    let first = try pool.start(world.supervised("true"))
    #expect(end(of: first) == .exited(0))
    kill(first.supervisor.pid, SIGSTOP)
    var command = world.supervised(": \(String(repeating: "x", count: 100_000)); exit 4")
    command.environment["LONG"] = String(repeating: "y", count: 100_000)
    #expect(end(of: try pool.start(command)) == .exited(4))
  }
}
