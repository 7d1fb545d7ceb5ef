/// Names of environment variables.
package enum VariableName {
  /// Whether a name holds one of these words, in capital or small ASCII letters; the words are capital ones.
  /// Compared byte by byte: every command asks it of its whole environment, more than once.
  package static func speaks(_ name: String, of words: [StaticString]) -> Bool {
    let bytes = name.utf8.map { (0x61...0x7A).contains($0) ? $0 - 0x20 : $0 }
    return words.contains { word in word.withUTF8Buffer { holds(bytes, $0) } }
  }

  private static func holds(_ bytes: [UInt8], _ word: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let first = word.first, bytes.count >= word.count else { return word.isEmpty }
    return (0...bytes.count - word.count).contains { start in
      bytes[start] == first && bytes[start..<start + word.count].elementsEqual(word)
    }
  }
}
