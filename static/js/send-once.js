// <send-once word="Opening Stripe …"><form>: the second click of a double click sends nothing.
class SendOnce extends HTMLElement {
  connectedCallback() {
    this.addEventListener("submit", (event) => this.sending(event));
    // Back from Stripe the page may come from memory: its button has to work again.
    window.addEventListener("pageshow", () => this.ready());
  }

  sending(event) {
    if (this.sent) {
      event.preventDefault();
      return;
    }
    this.sent = event.submitter ?? this.querySelector("button:not([type=button])");
    this.said = this.sent.textContent;
    this.sent.textContent = this.getAttribute("word");
    this.sent.setAttribute("aria-disabled", "true");
  }

  ready() {
    if (!this.sent) return;
    this.sent.textContent = this.said;
    this.sent.removeAttribute("aria-disabled");
    this.sent = null;
  }
}

customElements.define("send-once", SendOnce);
