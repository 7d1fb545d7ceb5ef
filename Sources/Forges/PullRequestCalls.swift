import CanonicalJSON

/// What GitHub and Gitea are asked in the same words; `place` is the path of a pull request.
extension ForgeCaller {
  func setBody(_ body: String, at place: String) throws(ForgeError) {
    _ = try call("PATCH", place, fields(("body", .string(body))))
  }

  /// Asks people, and teams as `owner/team`, for a review.
  func ask(_ reviewers: [String], at place: String) throws(ForgeError) {
    let names = reviewers.map { $0.hasPrefix("@") ? String($0.dropFirst()) : $0 }
    let teams = names.compactMap { $0.split(separator: "/").count == 2 ? $0.split(separator: "/")[1] : nil }
    let people = names.filter { !$0.contains("/") && !$0.contains("@") }
    _ = try call(
      "POST", "\(place)/requested_reviewers",
      fields(
        ("reviewers", people.isEmpty ? nil : texts(people)),
        ("team_reviewers", teams.isEmpty ? nil : texts(teams.map(String.init)))))
  }
}
