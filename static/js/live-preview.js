// <live-preview><form> … <button formtarget="…" data-preview>: shows the letter as it is typed, after a short pause.
const PAUSE = 500;

class LivePreview extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.button = this.querySelector("[data-preview]");
    if (!this.button) return;
    this.addEventListener("input", () => this.soon());
    this.show();
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.show(), PAUSE);
  }

  show() {
    this.form.requestSubmit(this.button);
  }
}

customElements.define("live-preview", LivePreview);
