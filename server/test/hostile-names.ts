/*
 * Segments of a path as they go over the wire: what somebody could put where a username or an id belongs. Each is
 * sent byte for byte.
 */

/** The items of a text, which stand two spaces or a line apart. */
export const listed = (text: string): string[] => text.split(/ {2,}|\n/).filter((item) => item !== "")
const encoded = (text: string): string[] => listed(text).map(encodeURIComponent)
const hex = (byte: number): string => `%${byte.toString(16).padStart(2, "0")}`
const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, at) => first + at)

const steps = listed(`
  .  ..  ...  %2e  %2E  %2e%2e  %2E.  .%2e  ..%2F..  ..%2f..%2f..  %2e%2e%2f%2e%2e  %2F  %2f  %2F%2F  %2F..  ..%2F
  %2F..%2F..  a%2Fb  %2Fetc%2Fpasswd  ..%5C..  %5C  %5c%5c  %252F  %252e%252e%252f  %25252F  %25  %2500  %25zz  ..%00
  ..%00%2F  ..;  ..;a=b  ;  %3B  ;jsessionid=1  a;b=c  %23  %23fragment  %3F  %3Fquery  %26a=b  a%3Fb  a%23b  :  @  users
  users%2Fx  ..%2Fusers  ..%2F..%2Forganization  *  **  +  a+b  a,b  ~  ~root  !  a..b  a%2Eb  -  _
`)

const spaces = listed(`
  %20  %20%20  %C2%A0  %E2%80%83  %E3%80%80  %EF%BB%BF  %20a%20b%20  a%20b  %E2%80%A8
`)

const controls = [
  ...range(0x00, 0x1f).map(hex),
  ...range(0x7f, 0x9f).map((code) => encodeURIComponent(String.fromCharCode(code))),
  ...listed(`
    a%00  %00a  ada@example.com%00  ada@example.com%00.evil.example  a%0d%0aSet-Cookie:%20a=b  %0D%0A%0D%0A  a%0Ab  a%09b
    %1B%5B31m  a%08b  a%C2%85
  `),
]

const noCharacters = listed(`
  %ED%A0%80  %ED%AF%BF  %ED%B0%80  %ED%BF%BF  a%ED%A0%80b  %ED%A0%BD%ED%B8%80  %C0%80  %C0%AF  %C1%BF  %E0%80%AF  %E0%9F%BF
  %F0%80%80%AF  %F0%8F%BF%BF  %F4%90%80%80  %F5%80%80%80  %F8%88%80%80%80  %FE  %FF  %80  %BF  %C3  %C3%28  %E2%82
  %E2%28%A1  %F0%9F%98  %F0%28%8C%BC  caf%E9  %C3%C3
`)

const badEscapes = listed(`
  %  %%  %%%  %a  %2  %g0  %0g  %zz  %ZZ  a%  a%a  %u0041  %-1  %+1  %2%46  %x41  100%  %s%s%s%n  %d  %25%  %2F%
  ada@example.com%  %C3%  %E2%82%a
`)

const lookAlikes = encoded(`
  ada\uff20example.com  ada\ufe6bexample.com  \u0410DA@example.com  \u0430da@example.com  ada@ex\u0430mple.com
  ada@example\uff61com  ada@example\u3002com  ada@example.com.  ada@@example.com  ADA@EXAMPLE.COM  Ada@Example.com
  \u212aim@example.com  KIM@example.com  \u017fam@example.com  stra\u00dfe  \u0131  \u0130  \ufb01ne  \u2160  x\u00b2
  ada\u200b@example.com  ada\u200d@example.com  ada\u00ad@example.com  ada\u034f@example.com  \u3164  \u2800  \ufb00
  ada\u2060@example.com  ada\ufe0f@example.com  ada\ufeff@example.com  ada%40example.com  ada&#64;example.com  \u1e9e
  \u202eada@example.com  \u202dmoc.elpmaxe@ada  \u2066ada\u2069  \u200eada@example.com  \u061cada@example.com  \u2126
  e\u0301lan@example.com  \u00e9lan@example.com  J\u030c@example.com  Z\u0351\u0310\u0343a\u0314lgo  \u212b
`)

const scripts = encoded(`
  \u{1f469}\u200d\u{1f469}\u200d\u{1f467}\u200d\u{1f466}  \u{1f3f4}\u{e0067}\u{e0062}\u{e007f}  \u{1f1e9}\u{1f1ea}
  \u{1f44d}\u{1f3fd}  \u2764\ufe0f  \u{1f600}@example.com  \u{1f9d1}\u200d\u{1f680}  \u{e0001}\u{e007f}  \u{10ffff}
  \ue000  \ufffd  \ufffe  \uffff  \ufdd0  \u{1fffe}  \u2028  \u2029  \u05e9\u05dc\u05d5\u05dd  \u0645\u0631\u062d
  \u7528\u6237@\u4f8b.jp  \u0e44\u0e17\u0e22  \u0939\u093f\u0928  \uac01  \u1100\u1161\u11a8  \u0300  a\u0300\u0300\u0300
  \u20dd  \ud7ff  \u{10000}  \ufdfa  \u2025  \u2100  \uff0f  \uff3c  \uff052F  \uff0e\uff0e  \uff0e  \u2044  \u2215
`)

const injections = encoded(String.raw`
  ' or '1'='1  ' OR 1=1 --  '; drop table users; --  " or ""="  ') or ('a'='a  1; select pg_sleep(5)  '||'  --  /*  */
  \  \'  \\  $1  $2::uuid  $$  $tag$  E'\x41'  U&'\0061'  {ada}  {}  []  (1)  %  _  %%  _da@example.com  ada@example%
  ada|admin  ada&admin  (select 1)  null  NULL  undefined  NaN  true  \${7*7}  {{7*7}}  #{7*7}  <%= 7*7 %>
  \${jndi:ldap://127.0.0.1/a}  $(id)  | id  ; id  && id  > /tmp/x  <script>alert(1)</script>  <!--  ]]>  &lt;  <?xml?>
  javascript:alert(1)  data:,x  file:///etc/passwd  http://169.254.169.254/  //evil.example  \\evil.example\share
  mailto:ada@example.com  *)(uid=*  =1+1  @SUM(1)
`)

const reserved = encoded(`
  __proto__  constructor  prototype  toString  valueOf  hasOwnProperty  __defineGetter__  then  length  .git  .git/config
  .env  .htaccess  con  nul  prn  aux  com1  lpt1  CON.txt  desktop.ini  CLOCK$  admin  root  administrator  system  postgres
  self  me  0  -1  1  1e309  0x10  -0  [object Object]  @  a@  @b  a@b@c  a@b  ${"9".repeat(40)}
  00000000-0000-0000-0000-000000000000  ffffffff-ffff-ffff-ffff-ffffffffffff
`)

/** Not encoded, though a careful client would. */
const bare = listed(String.raw`a\b  a|b  a^b  {a}  [a]  <a>  a'b  a"b  $a  a&b=c  a=b  (a)`)

const repeated = (text: string, counts: number[]): string[] =>
  counts.map((count) => encodeURIComponent(text.repeat(count)))

const long = [
  ...repeated("a", [100, 101, 253, 254, 255, 256, 511, 512, 513, 1_024, 5_000, 8_000]),
  ...repeated("\u00e9", [127, 128, 170, 171, 256]),
  ...repeated("\u20ac", [85, 170, 171, 172]),
  ...repeated("\u{1f600}", [63, 64, 128, 129]),
  ...repeated("e\u0301", [170, 171]),
  ...[100, 512, 513, 3_000].map((count) => "%41".repeat(count)),
  "%20".repeat(600),
  "%00".repeat(600),
  "%25".repeat(512),
  "%2F".repeat(512),
  "..%2F".repeat(100),
  "a@".repeat(256),
  `${"a".repeat(250)}@x.org`,
]

const encodings = [steps, spaces, controls, noCharacters, badEscapes, bare, long]
const names = [lookAlikes, scripts, injections, reserved]

/** Some 400 segments, each once. */
export const hostileSegments: readonly string[] = [
  ...new Set(["", "`", ...encodings.flat(), ...names.flat()]),
]

/** The text of a segment; undefined where a percent sign begins no character. */
export function textOf(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}
