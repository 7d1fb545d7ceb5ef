// Events and not a tree of some library's: those recurse, follow aliases before anybody can refuse them, hash
// keys that are whole trees, and name the first of two equal keys, not the second.
internal import Clibyaml

/// A part of the front matter, with its place in the file.
struct Node: Equatable, Sendable {
  var mark: Mark
  var content: Content

  enum Content: Equatable, Sendable {
    case text(String, Style)
    case list([Node])
    case map([Entry])
  }

  struct Entry: Equatable, Sendable {
    var key: Text
    var value: Node
  }

  enum Style: Equatable, Sendable { case plain, quoted, block }
}

/// A piece of text with its place.
struct Text: Equatable, Sendable {
  var value: String
  var mark: Mark
  var style: Node.Style = .plain
}

/// Turns libyaml's events into a tree, refusing what a plan has no use for. It never recurses, so depth costs
/// no stack, and it stops at the first event past a limit, so a bomb costs no time.
struct YAMLReader {
  /// The deepest nesting of lists and maps.
  static let maximumDepth = 32
  /// The most keys and values.
  static let maximumNodes = 10_000

  /// Reads the YAML that starts on `firstLine` of the file. What is refused and can be passed over is added
  /// to `faults`.
  static func read(_ bytes: [UInt8], firstLine: Int, _ faults: Faults) throws(PlanFault) -> Node {
    guard let events = EventSource(bytes, firstLine: firstLine) else {
      throw Mark(line: firstLine, column: 1).fault("cannot start the YAML parser: out of memory")
    }
    var reader = YAMLReader(faults)
    while true {
      let event = try events.next()
      if try reader.take(event) { break }
    }
    guard let root = reader.root else {
      throw Mark(line: firstLine, column: 1).fault(
        "the front matter is empty", hint: "it must name at least 'migration', 'gate' and 'steps'")
    }
    return root
  }

  private struct Frame {
    var mark: Mark
    var isMap: Bool
    var items: [Node] = []
    var entries: [Node.Entry] = []
    var key: Text?
    var lines: [String: Int] = [:]
    /// Whether the value that comes next belongs to a key that was refused.
    var isPassedOver = false
  }

  private let faults: Faults
  private var root: Node?
  private var frames: [Frame] = []
  private var count = 0

  private init(_ faults: Faults) { self.faults = faults }

  /// Takes one event; true means that the stream has ended.
  private mutating func take(_ event: EventSource.Event) throws(PlanFault) -> Bool {
    if let anchor = event.anchor {
      faults.add(
        voiding: event.mark.fault(
          "YAML anchors are not allowed: \(quoted("&" + anchor))",
          hint: "write the value out; put text that starts with '&' in double quotes"))
    }
    if let tag = event.tag {
      faults.add(
        voiding: event.mark.fault(
          "YAML tags are not allowed: \(quoted(tag))",
          hint: "leave it out; put text that starts with '!' in double quotes"))
    }
    switch event.kind {
    case .other: return false
    case .end: return true
    case .documentStart:
      guard root == nil else {
        throw event.mark.fault("the front matter holds a second YAML document", hint: "keep only one")
      }
    case .alias(let name):
      faults.add(
        voiding: event.mark.fault(
          "YAML aliases are not allowed: \(quoted("*" + name))",
          hint: "write the value out; put text that starts with '*' in double quotes"))
      try countNode(event.mark)
      try add(Node(mark: event.mark, content: .text("*" + name, .plain)))
    case .scalar(let text, let style):
      try countNode(event.mark)
      try add(Node(mark: event.mark, content: .text(text, style)))
    case .start(let isMap):
      try countNode(event.mark)
      try checkKeyPosition(event.mark)
      guard frames.count < Self.maximumDepth else {
        throw event.mark.fault("the front matter is nested deeper than \(Self.maximumDepth) levels")
      }
      frames.append(Frame(mark: event.mark, isMap: isMap))
    case .stop:
      guard let frame = frames.popLast() else { return false }
      try add(
        Node(mark: frame.mark, content: frame.isMap ? .map(frame.entries) : .list(frame.items)))
    }
    return false
  }

  private mutating func countNode(_ mark: Mark) throws(PlanFault) {
    count += 1
    if count > Self.maximumNodes {
      throw mark.fault(
        "the front matter holds more than \(Self.maximumNodes) keys and values",
        hint: "let 'for:' make the steps that are alike")
    }
  }

  private func checkKeyPosition(_ mark: Mark) throws(PlanFault) {
    guard let frame = frames.last, frame.isMap, frame.key == nil else { return }
    throw mark.fault(
      "a key must be text, not a list or a map", hint: "put text that starts with '{' or '[' in double quotes"
    )
  }

  private mutating func add(_ node: Node) throws(PlanFault) {
    guard var frame = frames.popLast() else {
      root = node
      return
    }
    defer { frames.append(frame) }
    guard frame.isMap else {
      frame.items.append(node)
      return
    }
    if let key = frame.key {
      if !frame.isPassedOver { frame.entries.append(Node.Entry(key: key, value: node)) }
      frame.isPassedOver = false
      frame.key = nil
      return
    }
    guard case .text(let name, let style) = node.content else { return }
    if name == "<<", style == .plain {
      faults.add(node.mark.fault("YAML merge keys are not allowed: '<<'", hint: "write the keys out"))
      frame.isPassedOver = true
    } else if let line = frame.lines[name] {
      faults.add(
        node.mark.fault("the key \(quoted(name)) is given twice", hint: "the first is on line \(line)"))
      frame.isPassedOver = true
    } else {
      frame.lines[name] = node.mark.line
    }
    frame.key = Text(value: name, mark: node.mark, style: style)
  }
}

/// libyaml's parser, one event at a time. A class because C keeps its address, and to free it in any case.
private final class EventSource {
  enum Kind {
    case documentStart
    case scalar(String, Node.Style)
    case start(isMap: Bool)
    case stop
    case alias(String)
    case end
    case other
  }

  struct Event {
    var kind: Kind
    var mark: Mark
    var anchor: String?
    var tag: String?
  }

  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let input: UnsafeMutableBufferPointer<UInt8>
  private let firstLine: Int

  init?(_ bytes: [UInt8], firstLine: Int) {
    self.firstLine = firstLine
    input = .allocate(capacity: bytes.count)
    _ = input.initialize(from: bytes)
    parser = .allocate(capacity: 1)
    parser.initialize(to: yaml_parser_t())
    guard yaml_parser_initialize(parser) == 1 else { return nil }
    // Set, so that libyaml does not guess UTF-16 from the first bytes.
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, UnsafePointer(input.baseAddress), bytes.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
    input.deallocate()
  }

  func next() throws(PlanFault) -> Event {
    var raw = yaml_event_t()
    guard yaml_parser_parse(parser, &raw) == 1 else { throw fault() }
    defer { yaml_event_delete(&raw) }
    var event = Event(kind: .other, mark: place(raw.start_mark))
    switch raw.type {
    case YAML_STREAM_END_EVENT, YAML_NO_EVENT:
      event.kind = .end
    case YAML_DOCUMENT_START_EVENT:
      event.kind = .documentStart
    case YAML_ALIAS_EVENT:
      event.kind = .alias(text(raw.data.alias.anchor) ?? "")
    case YAML_SCALAR_EVENT:
      event.kind = try scalar(
        raw.data.scalar.value, raw.data.scalar.length, raw.data.scalar.style, event.mark)
      event.anchor = text(raw.data.scalar.anchor)
      event.tag = text(raw.data.scalar.tag)
    case YAML_SEQUENCE_START_EVENT:
      event.kind = .start(isMap: false)
      event.anchor = text(raw.data.sequence_start.anchor)
      event.tag = text(raw.data.sequence_start.tag)
    case YAML_MAPPING_START_EVENT:
      event.kind = .start(isMap: true)
      event.anchor = text(raw.data.mapping_start.anchor)
      event.tag = text(raw.data.mapping_start.tag)
    case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
      event.kind = .stop
    default:
      event.kind = .other
    }
    return event
  }

  private func scalar(
    _ value: UnsafeMutablePointer<UInt8>?, _ length: Int, _ style: yaml_scalar_style_t, _ mark: Mark
  ) throws(PlanFault) -> Kind {
    let bytes = UnsafeBufferPointer(start: value, count: value == nil ? 0 : length)
    // An escape such as "\0" makes a NUL out of clean bytes, and no command line can carry one.
    guard let text = String(validating: bytes, as: UTF8.self), !text.utf8.contains(0) else {
      throw mark.fault("the text holds a NUL or is not valid UTF-8", hint: "leave the escape out")
    }
    switch style {
    case YAML_PLAIN_SCALAR_STYLE: return .scalar(text, .plain)
    case YAML_LITERAL_SCALAR_STYLE, YAML_FOLDED_SCALAR_STYLE: return .scalar(text, .block)
    default: return .scalar(text, .quoted)
    }
  }

  private func fault() -> PlanFault {
    let problem = parser.pointee.problem.map { String(cString: $0) } ?? "out of memory"
    if parser.pointee.error == YAML_READER_ERROR {
      // libyaml reads ahead of what it parses, so only the offset says where the byte is.
      return FrontMatter.place(of: parser.pointee.problem_offset, in: Array(input), firstLine: firstLine)
        .fault(
          "cannot read the front matter: \(problem)", hint: "leave control characters out")
    }
    return place(parser.pointee.problem_mark).fault(
      "cannot read the front matter: \(problem)",
      hint: "put text with ': ', ' #', or a special first character such as '*' or '{' in double quotes")
  }

  private func place(_ mark: yaml_mark_t) -> Mark {
    Mark(line: firstLine + mark.line, column: mark.column + 1)
  }

  private func text(_ pointer: UnsafeMutablePointer<UInt8>?) -> String? {
    pointer.map { String(cString: $0) }
  }
}
