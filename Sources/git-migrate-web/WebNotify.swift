import CanonicalJSON
import Forges
import Runner
import Site
import System
import Web

/// `git-migrate-web notify`: posts one message to a webhook. What to post, and where, comes on standard
/// input: an address may be a secret, and a list of processes is none.
struct WebNotify {
  /// How much is read, in bytes, and how long an answer may take, in seconds.
  private static let (limit, seconds) = (1 << 20, 20)

  /// Posts it. Throws in words what was said against it; the address is not among them.
  func run() throws(CommandError) {
    let bytes: [UInt8]?
    do throws(StreamError) { bytes = try StandardStream.input.readAll(limit: Self.limit) } catch {
      throw CommandError("the message cannot be read: \(error)")
    }
    guard let bytes, case .object(let members)? = try? JSON.parse(bytes),
      case .string(let url)? = members.first(where: { $0.key == "url" })?.value,
      let body = members.first(where: { $0.key == "body" })?.value
    else { throw CommandError("there is no message on standard input") }
    guard url.hasPrefix("https://") || url.hasPrefix("http://") else {
      throw CommandError("the address of the webhook does not begin with https://")
    }
    let client = WebClient(agent: "git-migrate/\(ProgramVersion.number)", seconds: Self.seconds)
    let request = HTTPRequest(
      "POST", url, headers: [("Content-Type", "application/json")], body: body.canonicalBytes)
    let answer: HTTPAnswer
    do throws(HTTPFailure) { answer = try client.send(request) } catch {
      throw CommandError("the webhook cannot be reached: \(error.description)")
    }
    guard (200..<300).contains(answer.status) else {
      let said = String(decoding: answer.body.prefix(200), as: UTF8.self)
      throw CommandError("the webhook says \(answer.status): \(TerminalText.sanitizedLine(said))")
    }
  }
}
