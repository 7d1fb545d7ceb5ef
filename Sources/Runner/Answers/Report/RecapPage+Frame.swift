import Migration

/// The parts of the page that are the same in each: places that the script fills, and the signs of states.
extension RecapPage {
  var sideCards: String {
    let open = recap.report.steps.count { !$0.word.isDone }
    let blocked = recap.report.count(.blocked)
    let words = Count.of(open, "step") + (blocked > 0 ? ", \(blocked) blocked" : "")
    return """
      <section class="card js" hidden aria-labelledby=hb><header><h2 id=hb>Left to do</h2>\
      <span class=sp></span>\
      <small>\(words)</small></header><svg class=burn id=burn role=img aria-label="Steps left over time; now \
      \(words)"></svg><label class=vh for=time>Moment of the ledger</label>\
      <input type=range id=time min=0 max=0 value=0></section>
      <section class="card js" hidden aria-labelledby=hl><header><h2 id=hl>Latest</h2></header>\
      <ol class=log id=log></ol></section>

      """
  }

  var graphCard: String {
    """
    <section class="card js" hidden aria-labelledby=hg><header><h2 id=hg>Graph</h2>\
    <small id=tip aria-live=polite></small><span class=sp></span>\
    <button class=tool id=mode>Show as grid</button>\
    </header><div class=scroll id=graph></div></section>

    """
  }

  var list: String {
    """
    <section class=card id=steps aria-labelledby=hs><header><h2 id=hs>Steps</h2>\
    <small id=found aria-live=polite></small></header><noscript><p>The list needs a script; \
    <code>git migrate status</code> shows the same.</p></noscript><div class=js hidden><div class=tools>\
    <input type=search id=q placeholder="Filter by id, title or reason  ( / )" aria-label="Filter steps">\
    <select id=sort aria-label="Sort by"><option value=state>needs you first<option value=plan>plan order\
    <option value=attempts>most attempts<option value=time>longest<option value=cost>dearest</select></div>\
    <div class="tools chips" id=chips></div><table><thead><tr><th scope=col>State</th>\
    <th scope=col>Step</th>\
    <th scope=col class=hc>Title, or why</th><th scope=col class="n hc">Attempts</th>\
    <th scope=col class="n hc">Time</th><th scope=col class="n hc">Cost</th></tr></thead>\
    <tbody id=rows></tbody></table><p>\
    <button class="chip t" id=more hidden>Show all</button></p></div></section>

    """
  }

  var foot: String {
    """
    <footer><p>Made by git-migrate from the ledger; the page asks for nothing elsewhere. Keys: <kbd>/</kbd> \
    filter, <kbd>b</kbd> next blocked, <kbd>j</kbd> <kbd>k</kbd> next and previous, <kbd>t</kbd> light \
    or dark, \
    <kbd>Esc</kbd> closes.</p></footer>
    """
  }

  var symbols: String {
    """
    <svg width=0 height=0 aria-hidden=true class=vh>\
    <symbol id=g-merged viewBox="0 0 12 12"><circle cx=6 cy=6 r=6 fill="var(--merged)"/>\
    <path d="M3.3 6.2l1.9 1.9 3.6-4" fill=none stroke="var(--sf)" stroke-width=1.6 /></symbol>\
    <symbol id=g-work viewBox="0 0 12 12"><circle cx=6 cy=6 r=6 fill="var(--work)"/>\
    <path d="M4.6 3.4v5.2L9 6z" fill="var(--sf)"/></symbol>\
    <symbol id=g-ready viewBox="0 0 12 12">\
    <circle cx=6 cy=6 r=5 fill=none stroke="var(--ready)" stroke-width=2 />\
    </symbol><symbol id=g-waiting viewBox="0 0 12 12"><circle cx=6 cy=6 r=2.5 fill="var(--skip)"/></symbol>\
    <symbol id=g-held viewBox="0 0 12 12"><circle cx=6 cy=6 r=5 fill="var(--held)"/>\
    <path d="M3 6h6" stroke="var(--blocked-t)" stroke-width=1.8 /></symbol>\
    <symbol id=g-rest viewBox="0 0 12 12"><circle cx=6 cy=6 r=6 fill="var(--rest)"/>\
    <path d="M6 2.8V6l2 1.6" fill=none stroke="var(--sf)" stroke-width=1.5 /></symbol>\
    <symbol id=g-blocked viewBox="0 0 12 12"><path d="M3.6 0h4.8L12 3.6v4.8L8.4 12H3.6L0 8.4V3.6z" \
    fill="var(--blocked)"/><path d="M6 2.6v4.2M6 8.2v1.5" stroke="var(--sf)" stroke-width=1.7 /></symbol>\
    <symbol id=g-skip viewBox="0 0 12 12"><circle cx=6 cy=6 r=5.2 fill=none stroke="var(--skip)" \
    stroke-width=1.4 /><path d="M3.4 8.6l5.2-5.2" stroke="var(--skip)" stroke-width=1.4 /></symbol></svg>
    """
  }
}

/// Bytes as content policies and mails want them.
enum Base64 {
  private static let signs = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// SHA-256 of the bytes, in Base64.
  static func digest(of bytes: [UInt8]) -> String {
    let hex = Array(SHA256.hexDigest(of: bytes).utf8)
    func value(_ digit: UInt8) -> UInt8 { digit <= 0x39 ? digit - 0x30 : digit - 0x57 }
    let digest = stride(from: 0, to: hex.count - 1, by: 2).map { value(hex[$0]) << 4 | value(hex[$0 + 1]) }
    return encoded(digest)
  }

  /// The bytes in Base64.
  static func encoded(_ digest: [UInt8]) -> String {
    var text: [UInt8] = []
    for start in stride(from: 0, to: digest.count, by: 3) {
      let part = Array(digest[start..<min(start + 3, digest.count)])
      let padded = part + [UInt8](repeating: 0, count: 3 - part.count)
      let group = UInt32(padded[0]) << 16 | UInt32(padded[1]) << 8 | UInt32(padded[2])
      for place in 0..<4 {
        let sign = signs[Int(group >> UInt32(18 - 6 * place) & 63)]
        text.append(place <= part.count ? sign : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
