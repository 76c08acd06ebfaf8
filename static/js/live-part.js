// <live-part id="…" every="2" src="…">: fetches its own page again and takes over what changed, in place.
// It stops by itself: when the page that comes has no such part, or one without `every`.
// The text of [data-say] is told to screen readers when it changed, at most every ten seconds.
const SAY_EVERY = 10000;

class LivePart extends HTMLElement {
  connectedCallback() {
    this.said = this.sentence();
    this.saidAt = 0;
    this.voice();
    this.plan();
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
  }

  plan() {
    const seconds = Number(this.getAttribute("every"));
    if (seconds > 0) this.timer = setTimeout(() => this.look(), seconds * 1000);
  }

  async look() {
    if (!document.hidden) await this.fetched().then((fresh) => this.take(fresh), () => {});
    this.plan();
  }

  async fetched() {
    const answer = await fetch(this.getAttribute("src") || location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(String(answer.status));
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  }

  take(page) {
    const fresh = page.getElementById(this.id);
    if (!fresh?.hasAttribute("every")) this.removeAttribute("every");
    if (!fresh) return;
    if (page.title) document.title = page.title;
    children(this, fresh);
    this.say();
  }

  sentence() {
    return this.querySelector("[data-say]")?.textContent.trim() ?? "";
  }

  say() {
    const sentence = this.sentence();
    if (sentence === this.said || Date.now() - this.saidAt < SAY_EVERY) return;
    [this.said, this.saidAt] = [sentence, Date.now()];
    this.voice().textContent = sentence;
  }

  // Beside the part, not in it, so that taking over the page's content leaves it alone.
  voice() {
    if (!this.speaker) {
      this.speaker = Object.assign(document.createElement("p"), { className: "visually-hidden" });
      this.speaker.setAttribute("role", "status");
      this.after(this.speaker);
    }
    return this.speaker;
  }
}

function change(old, fresh) {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) {
    old.replaceWith(document.importNode(fresh, true));
  } else if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
  } else if (old.nodeType === Node.ELEMENT_NODE) {
    attributes(old, fresh);
    children(old, fresh);
  }
}

function children(old, fresh) {
  const [before, after] = [[...old.childNodes], [...fresh.childNodes]];
  after.forEach((node, at) => {
    if (before[at]) change(before[at], node);
    else old.append(document.importNode(node, true));
  });
  before.slice(after.length).forEach((node) => node.remove());
}

// What a person or a script did meanwhile (opened, hidden, sent) is not the server's to undo.
const OURS = ["open", "hidden", "aria-disabled"];

function attributes(old, fresh) {
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const { name } of [...old.attributes]) if (!OURS.includes(name) && !fresh.hasAttribute(name)) old.removeAttribute(name);
}

customElements.define("live-part", LivePart);
