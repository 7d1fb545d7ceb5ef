/// Tokens whose makers gave them a form of their own, so that they can be told from anything else. The forms
/// are those that the makers document for secret scanning.
struct SecretFormat: Sendable {
  /// What it starts with.
  var prefix: String
  /// How many bytes of the alphabet follow at least.
  var length: Int
  var alphabet: Alphabet = .word
  /// With its article.
  var kind: String

  enum Alphabet: String, Sendable {
    case upper, word, dashed, hexadecimal, base64, dotted, path

    func contains(_ byte: UInt8) -> Bool {
      let isDigit = byte >= 0x30 && byte <= 0x39
      let isUpper = byte >= 0x41 && byte <= 0x5A
      let isLower = byte >= 0x61 && byte <= 0x7A
      switch self {
      case .upper: return isDigit || isUpper
      case .word: return isDigit || isUpper || isLower || byte == 0x5F
      case .dashed: return isDigit || isUpper || isLower || byte == 0x5F || byte == 0x2D
      case .hexadecimal: return isDigit || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x66)
      case .base64: return isDigit || isUpper || isLower || "+/=".utf8.contains(byte)
      case .dotted: return isDigit || isUpper || isLower || "_-.=".utf8.contains(byte)
      case .path: return isDigit || isUpper || isLower || "_-./@".utf8.contains(byte)
      }
    }
  }

  /// The formats, by the first byte of their prefixes.
  static let byFirstByte: [[SecretFormat]] = {
    var table = [[SecretFormat]](repeating: [], count: 256)
    for line in lines(of: rows) {
      let words = line.parts(" ")
      guard words.count > 3, let first = words[0].utf8.first, let length = Int(words[1]),
        let alphabet = Alphabet(rawValue: String(words[2]))
      else { continue }
      let kind = words[3...].joined(separator: " ")
      table[Int(first)].append(
        SecretFormat(prefix: String(words[0]), length: length, alphabet: alphabet, kind: kind))
    }
    return table
  }()

  /// Prefix, least length of the rest, alphabet, kind.
  private static let rows = """
    AKIA                          16 upper        an AWS access key id
    ASIA                          16 upper        an AWS access key id
    ABIA                          16 upper        an AWS access key id
    ghp_                          36 word         a GitHub token
    gho_                          36 word         a GitHub token
    ghu_                          36 word         a GitHub token
    ghs_                          36 word         a GitHub token
    ghr_                          36 word         a GitHub token
    github_pat_                   40 word         a GitHub token
    glpat-                        20 dashed       a GitLab token
    gldt-                         20 dashed       a GitLab token
    glrt-                         20 dashed       a GitLab token
    glptt-                        40 dashed       a GitLab token
    glcbt-                        20 dashed       a GitLab token
    GR1348941                     20 dashed       a GitLab token
    xoxb-                         20 dashed       a Slack token
    xoxp-                         20 dashed       a Slack token
    xoxa-                         20 dashed       a Slack token
    xoxr-                         20 dashed       a Slack token
    xoxs-                         20 dashed       a Slack token
    xoxe-                         20 dashed       a Slack token
    xapp-                         30 dashed       a Slack token
    hooks.slack.com/services/T    30 base64       a Slack webhook
    hooks.slack.com/workflows/T   30 base64       a Slack webhook
    hooks.slack.com/triggers/T    30 base64       a Slack webhook
    discord.com/api/webhooks/     60 path         a Discord webhook
    discordapp.com/api/webhooks/  60 path         a Discord webhook
    webhook.office.com/webhookb2/  60 path         a Teams webhook
    hooks.zapier.com/hooks/catch/  10 base64       a Zapier webhook
    AIza                          35 dashed       a Google API key
    GOCSPX-                       28 dashed       a Google client secret
    ya29.                         40 dashed       a Google access token
    sk-ant-                       24 dashed       an Anthropic API key
    sk-proj-                      24 dashed       an OpenAI API key
    sk-svcacct-                   24 dashed       an OpenAI API key
    sk-admin-                     24 dashed       an OpenAI API key
    sk-or-v1-                     40 word         an OpenRouter API key
    sk-                           40 word         an OpenAI API key
    gsk_                          40 word         a Groq API key
    pplx-                         40 word         a Perplexity API key
    r8_                           37 word         a Replicate token
    hf_                           34 word         a Hugging Face token
    xai-                          60 word         an xAI API key
    sk_live_                      16 word         a Stripe key
    rk_live_                      16 word         a Stripe key
    sk_test_                      24 word         a Stripe key
    whsec_                        32 base64       a Stripe webhook secret
    rzp_live_                     14 word         a Razorpay key
    sq0atp-                       22 dashed       a Square token
    sq0csp-                       40 dashed       a Square secret
    EAAAE                         55 dashed       a Square token
    npm_                          36 word         an npm token
    pypi-AgEI                     40 dashed       a PyPI token
    rubygems_                     48 hexadecimal  a RubyGems key
    oy2                           43 word         a NuGet key
    dckr_pat_                     24 dashed       a Docker token
    AKCp                          60 word         an Artifactory key
    cio                           32 word         a crates.io token
    dop_v1_                       64 word         a DigitalOcean token
    doo_v1_                       64 word         a DigitalOcean token
    dor_v1_                       64 word         a DigitalOcean token
    SG.                           60 dotted       a SendGrid key
    xkeysib-                      64 dashed       a Brevo key
    key-                          32 hexadecimal  a Mailgun key
    shpat_                        32 word         a Shopify token
    shpca_                        32 word         a Shopify token
    shppa_                        32 word         a Shopify token
    shpss_                        32 word         a Shopify secret
    AccountKey=                   60 base64       an Azure storage key
    SharedAccessKey=              40 base64       an Azure access key
    SharedAccessSignature=        40 dotted       an Azure signature
    dapi                          32 hexadecimal  a Databricks token
    lin_api_                      32 word         a Linear key
    ntn_                          40 word         a Notion token
    PMAK-                         50 dashed       a Postman key
    pul-                          40 hexadecimal  a Pulumi token
    hvs.                          24 dashed       a Vault token
    hvb.                          24 dashed       a Vault token
    dp.pt.                        40 word         a Doppler token
    dp.st.                        30 dotted       a Doppler token
    dt0c01.                       60 dotted       a Dynatrace token
    NRAK-                         27 upper        a New Relic key
    glc_                          32 base64       a Grafana token
    glsa_                         32 word         a Grafana token
    sntrys_                       60 base64       a Sentry token
    sntryu_                       60 hexadecimal  a Sentry token
    figd_                         40 dashed       a Figma token
    nfp_                          36 word         a Netlify token
    ATATT3                       100 dotted       an Atlassian token
    ATBB                          28 word         a Bitbucket token
    HRKU-AA                       58 dashed       a Heroku key
    sbp_                          40 hexadecimal  a Supabase token
    pscale_tkn_                   32 dotted       a PlanetScale token
    pscale_pw_                    32 dotted       a PlanetScale password
    aio_                          28 word         an Adafruit key
    LTAI                          20 word         an Alibaba key id
    AGE-SECRET-KEY-1              58 upper        an age key
    tskey-                        20 dashed       a Tailscale key
    CCIPAT_                       40 word         a CircleCI token
    bkua_                         40 word         a Buildkite token
    CFPAT-                        40 dashed       a Contentful token
    tfp_                          40 dotted       a Typeform token
    EZAK                          54 word         an EasyPost key
    duffel_live_                  40 dashed       a Duffel token
    sk.eyJ                        60 dotted       a Mapbox token
    sdk-                          36 dashed       a LaunchDarkly key
    fo1_                          40 dashed       a Fly token
    fm2_                          80 base64       a Fly token
    PuTTY-User-Key-File-           1 word         a private key
    EAACEdEose0cBA                20 word         a Facebook token
    AAAAAAAAAAAAAAAAAAAAA         60 dotted       a Twitter token
    """
}
