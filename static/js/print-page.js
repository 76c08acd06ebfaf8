// <print-page hidden><button>Print</button></print-page>: shown only where a script can print; every browser's menu can.
class PrintPage extends HTMLElement {
  connectedCallback() {
    this.hidden = typeof window.print !== "function";
    this.querySelector("button").addEventListener("click", () => window.print());
  }
}

customElements.define("print-page", PrintPage);
