import Testing

@testable import Supervision
@testable import System

@Suite struct LiveChildTests {
  let world: World

  init() throws { world = try World() }

  private func start(_ command: Supervised) throws -> SupervisedChild {
    try Supervisors(executable: World.program).start(command)
  }

  private func live(_ script: String) -> Supervised {
    var command = world.supervised(script)
    command.output = .live
    return command
  }

  /// The lines that come until there are so many or the command has ended.
  private func lines(_ count: Int, of child: SupervisedChild) -> [String] {
    var lines: [String] = []
    _ = eventually {
      let hasEnded = child.poll() != nil
      lines += child.takeLines().map { String(decoding: $0, as: UTF8.self) }
      return hasEnded || lines.count >= count
    }
    return lines
  }

  @Test func `the parent reads a line while the command runs, and answers it`() throws {
    let child = try start(live("echo ready; read -r word; echo \"got $word\"; cat; printf end"))
    #expect(lines(1, of: child) == ["ready"])
    #expect(child.poll() == nil)
    #expect(child.send(Array("hello\n".utf8)))
    #expect(lines(1, of: child) == ["got hello"])
    #expect(child.send(Array("more\n".utf8)))
    child.endInput()
    #expect(!child.send([1]), "after its end")
    #expect(lines(2, of: child) == ["more", "end"])
    #expect(child.wait().status == .exited(0))
    #expect(try world.log() == "ready\ngot hello\nmore\nend")
  }

  @Test func `standard error is in the log, and never among the lines`() throws {
    let child = try start(live("printf '{\"a\":'; echo warning >&2; echo '1}'"))
    #expect(lines(1, of: child) == ["{\"a\":1}"])
    #expect(child.wait().status == .exited(0))
    #expect(try world.log().contains("warning"))
    let output = try LogMarks.tail(world.path("log"), of: .output, bytes: 100)
    #expect(output == Array("{\"a\":1}\n".utf8))
  }

  @Test func `with an input file the command reads that`() throws {
    try Files.writeAtomically(world.path("prompt"), Array("do it\n".utf8))
    var command = live("cat")
    command.inputFile = world.path("prompt")
    let child = try start(command)
    _ = child.send(Array("unheard\n".utf8))
    #expect(lines(2, of: child) == ["do it"])
    #expect(child.wait().status == .exited(0))
  }

  @Test func `every byte of a long answer and a long question arrives`() throws {
    let child = try start(live("cat"))
    let line = String(repeating: "x", count: 99_999)
    for _ in 0..<8 { #expect(child.send(Array((line + "\n").utf8))) }
    child.endInput()
    let answer = lines(.max, of: child)
    #expect(answer.count == 8 && answer.allSatisfy { $0 == line })
    #expect(child.wait().status == .exited(0))
  }

  @Test func `a parent that does not read holds the command up, and not its supervisor`() throws {
    let child = try start(live("echo > up; yes; echo > over"))
    #expect(eventually { Files.exists(world.path("up")) })
    #expect(eventually { Conversation.inboxLimit <= child.heldBytes || child.poll() != nil })
    child.terminate()
    #expect(child.wait().status == .signalled(15))
    #expect(!Files.exists(world.path("over")))
  }

  @Test func `letting go of a live command that nobody reads ends it, and its supervisor`() throws {
    let pool = Supervisors(executable: World.program)
    var child: SupervisedChild? = try pool.start(live("echo > up; yes"))
    let supervisor = child?.supervisor
    #expect(eventually { Files.exists(world.path("up")) })
    #expect(eventually { Conversation.inboxLimit <= child?.heldBytes ?? 0 || child?.poll() != nil })
    child = nil
    #expect(supervisor?.liveness() == .dead)
  }

  @Test func `a live command that is killed is told as killed, however much it has printed`() throws {
    let child = try start(live("echo > up; yes"))
    #expect(eventually { Files.exists(world.path("up")) })
    #expect(eventually { Conversation.inboxLimit <= child.heldBytes || child.poll() != nil })
    child.kill()
    let result = child.wait()
    #expect(result.status == .signalled(9) && !result.isSupervisorLost)
  }

  @Test func `a command that does not read holds up nobody`() throws {
    let child = try start(live("echo > up; sleep 300"))
    #expect(eventually { Files.exists(world.path("up")) })
    let piece = [UInt8](repeating: 0x78, count: 256 << 10)
    var sent = 0
    while child.send(piece) && sent < 100 { sent += 1 }
    #expect((4..<10).contains(sent), "a bounded amount waits: \(sent)")
    child.terminate()
    #expect(child.wait().status == .signalled(15))
  }

  @Test func `a command that closes its input, and one that has ended, are no trouble to whoever sends`()
    throws
  {
    let child = try start(live("exec <&-; echo closed; sleep 0.01; echo end"))
    #expect(lines(1, of: child) == ["closed"])
    _ = child.send(Array(repeating: 0x78, count: 100_000))
    #expect(lines(1, of: child) == ["end"])
    #expect(child.wait().status == .exited(0))
    #expect(!child.send([1]))
  }

  @Test func `the next command of a pool is not told what was sent to a live one`() throws {
    let pool = Supervisors(executable: World.program)
    let child = try pool.start(live("exit 3"))
    _ = child.send(Array(repeating: 0x78, count: 100_000))
    #expect(child.wait().status == .exited(3))
    #expect(try pool.start(world.supervised("true")).wait().status == .exited(0))
  }

  @Test func `a command that falls silent is ended, which is told apart from one that takes long`() throws {
    var command = world.supervised("echo begun; sleep 300")
    command.silenceSeconds = 1
    command.timeoutSeconds = 300
    #expect(try start(command).wait().status == .fellSilent)
    #expect(try world.log() == "begun\n")
  }
}

@Suite struct RunLimitsTests {
  private func limits(timeout: Int? = nil, silence: Int? = nil) -> RunLimits {
    RunLimits(timeoutSeconds: timeout, silenceSeconds: silence, graceSeconds: 2, now: 100_000)
  }

  @Test func `without a limit nothing is ever due`() {
    var limits = limits()
    #expect(limits.wait(at: 100_000) == nil)
    #expect(limits.due(at: .max) == nil)
  }

  @Test func `a sign of life puts off the end of silence, and not that of the time`() {
    var limits = limits(timeout: 10, silence: 3)
    #expect(limits.wait(at: 100_000) == 3000)
    #expect(limits.due(at: 102_999) == nil)
    limits.noteSign(at: 102_999)
    #expect(limits.due(at: 105_998) == nil)
    #expect(limits.wait(at: 105_998) == 1)
    limits.noteSign(at: 109_000)
    #expect(limits.wait(at: 109_000) == 1000)
    #expect(limits.due(at: 110_000) == .ask)
    #expect(limits.reason == .timedOut)
  }

  @Test func `silence is a reason of its own; then there is the grace time, however silent`() {
    var limits = limits(timeout: 10, silence: 3)
    #expect(limits.due(at: 103_000) == .ask)
    #expect(limits.reason == .fellSilent)
    limits.noteAsked(at: 103_000)
    #expect(limits.wait(at: 103_000) == 2000)
    #expect(limits.due(at: 104_999) == nil)
    #expect(limits.due(at: 105_000) == .kill)
    #expect(limits.reason == .fellSilent)
  }

  @Test func `who is asked to end by somebody has broken no limit`() {
    var limits = limits(timeout: 10, silence: 1)
    limits.noteAsked(at: 100_500)
    #expect(limits.due(at: 102_500) == .kill)
    #expect(limits.reason == nil)
  }
}

@Suite struct ConversationTests {
  @Test func `a line is a line, in whatever pieces it comes`() {
    var assembler = LineAssembler(limit: 4)
    #expect(assembler.read(Array("ab".utf8)) == [])
    #expect(assembler.read(Array("c\n\nd\nlonger".utf8)) == ["abc", "", "d"].map { Array($0.utf8) })
    #expect(assembler.read(Array(" still\ne".utf8)) == [Array("long".utf8)])
    #expect(assembler.rest() == Array("e".utf8))
    #expect(assembler.rest() == nil)
  }

  @Test func `what comes through a pipe is understood wherever it is cut`() {
    let reports =
      Array(SupervisorReport.output(count: 4).line.utf8) + Array("a\nout".utf8.prefix(4))
      + Array(SupervisorReport.taken(count: 12).line.utf8)
    let messages = LifelineReader.input(Array("ti1".utf8)) + LifelineReader.end + LifelineReader.inputEnds
    for cut in 0...max(reports.count, messages.count) {
      var (reader, items) = (ReportReader(), [ReportReader.Item]())
      for part in [reports.prefix(cut), reports.dropFirst(cut)] { items += reader.read(part) }
      #expect(items.first == .report(.output(count: 4)))
      #expect(items.last == .report(.taken(count: 12)))
      let bytes = items.flatMap { if case .bytes(let bytes) = $0 { bytes } else { [UInt8]() } }
      #expect(bytes == Array("a\nou".utf8))

      var (lifeline, said) = (LifelineReader(), [LifelineReader.Message]())
      for part in [messages.prefix(cut), messages.dropFirst(cut)] { said += lifeline.read(part) }
      #expect(said.suffix(2) == [.end, .inputEnds])
      let input = said.flatMap { if case .input(let bytes) = $0 { bytes } else { [UInt8]() } }
      #expect(input == Array("ti1".utf8))
    }
  }

  @Test func `no more is sent than there is room for, and the end comes after all of it`() {
    var conversation = Conversation()
    let isTaken = conversation.send([UInt8](repeating: 1, count: LiveChannel.window + 5))
    #expect(isTaken)
    conversation.endInput()
    let first = LifelineReader.input([UInt8](repeating: 1, count: LiveChannel.window))
    #expect(conversation.outgoing() == first)
    #expect(conversation.outgoing() == [])
    conversation.taken(3)
    #expect(conversation.outgoing() == LifelineReader.input([1, 1, 1]))
    conversation.taken(100)
    #expect(conversation.outgoing() == LifelineReader.input([1, 1]) + LifelineReader.inputEnds)
    #expect(conversation.outgoing() == [])
  }
}

@Suite struct LogMarksTests {
  let world: World

  init() throws { world = try World() }

  private func tail(_ stream: OutputStream, _ bytes: Int = 1000) throws -> String? {
    try LogMarks.tail(world.path("log"), of: stream, bytes: bytes).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func `a log keeps what was printed, and its marks tell the streams apart`() throws {
    var log = try SupervisorLog(path: world.path("log"), limit: 1000, isMarked: true)
    for (text, stream) in [
      ("a\n", OutputStream.output), ("E\n", .errors), ("F\n", .errors), ("b\n", .output),
    ] {
      log.append(Array(text.utf8)[...], from: stream)
    }
    log.finish()
    #expect(try world.log() == "a\nE\nF\nb\n")
    #expect(try tail(.output) == "a\nb\n")
    #expect(try tail(.errors) == "E\nF\n")
    #expect(try tail(.output, 3) == "b\n")
  }

  @Test func `a log without marks is standard output`() throws {
    #expect(try tail(.output) == nil)
    try Files.append(world.path("log"), Array("a\nb\n".utf8))
    #expect(try tail(.output, 3) == "b\n")
    #expect(try tail(.errors) == "")
  }

  @Test func `a run that goes on with a log begins as standard output, and a new log has no old marks`()
    throws
  {
    for _ in 0..<2 {
      var log = try SupervisorLog(path: world.path("log"), limit: 1000, isMarked: true)
      log.append(Array("o\n".utf8)[...], from: .output)
      log.append(Array("e\n".utf8)[...], from: .errors)
      log.finish()
    }
    #expect(try tail(.output) == "o\no\n")
    try Files.removeFile(world.path("log"))
    var log = try SupervisorLog(path: world.path("log"), limit: 1000)
    log.append(Array("again\n".utf8)[...])
    log.finish()
    #expect(try tail(.output) == "again\n")
  }

  @Test func `the streams of a log that was cut are still told apart, and its notice is not output`() throws {
    var log = try SupervisorLog(path: world.path("log"), limit: 400, isMarked: true)
    for number in 0..<100 {
      log.append(Array("out \(number)\n".utf8)[...], from: .output)
      log.append(Array("err \(number)\n".utf8)[...], from: .errors)
    }
    log.finish()
    let output = try tail(.output) ?? ""
    #expect(output.split(separator: "\n").allSatisfy { $0.hasPrefix("out ") || "out ".hasPrefix($0) })
    #expect(output.hasPrefix("out 0\n") && output.hasSuffix("out 99\n"))
    #expect(try tail(.errors)?.contains("bytes of output left out]") == true)
    #expect(try Files.readFile(LogMarks.file(of: world.path("log")))?.count ?? 0 < 400)
  }
}
