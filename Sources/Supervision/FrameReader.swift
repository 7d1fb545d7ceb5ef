/// Takes a stream apart that has pieces of raw bytes among its heads: a head says how many bytes follow it.
struct FrameReader {
  /// What came.
  enum Item: Equatable {
    /// A head, without the byte that ends it.
    case head([UInt8])
    /// Some of the bytes that a head announced.
    case bytes([UInt8])
  }

  /// The byte that ends a head.
  private let end: UInt8
  private var head: [UInt8] = []
  /// How many bytes are still to come.
  private var rest = 0

  init(end: UInt8) { self.end = end }

  /// What is complete by now, in its order. `length` says how many bytes follow a head.
  mutating func read(_ bytes: some Collection<UInt8>, length: ([UInt8]) -> Int) -> [Item] {
    var (items, bytes) = ([Item](), Array(bytes)[...])
    while let first = bytes.first {
      if rest > 0 {
        let part = bytes.prefix(rest)
        items.append(.bytes(Array(part)))
        rest -= part.count
        bytes = bytes.dropFirst(part.count)
        continue
      }
      bytes = bytes.dropFirst()
      guard first == end else {
        head.append(first)
        continue
      }
      items.append(.head(head))
      rest = length(head)
      head = []
    }
    return items
  }
}
