import Site
import System

/// Does a thing for each whole line of standard input, as it comes, until nobody writes more. What a process
/// of a fleet's run is asked for comes like that.
func forEachLine(_ body: (String) throws(CommandError) -> Void) throws(CommandError) {
  var text: [UInt8] = []
  while true {
    let more = try reporting { try StandardStream.input.readSome() }
    if more.isEmpty { return }
    text += more
    while let end = text.firstIndex(of: 0x0A) {
      let line = String(decoding: text[..<end], as: UTF8.self)
      text.removeFirst(end + 1)
      try body(line)
    }
  }
}
