// <copy-text for="id" done="Copied"><button>Copy</button></copy-text>: shown only where copying works.
class CopyText extends HTMLElement {
  connectedCallback() {
    this.button = this.querySelector("button");
    this.word = this.button.textContent;
    this.hidden = !navigator.clipboard;
    this.button.addEventListener("click", () => this.copy());
  }

  async copy() {
    const source = document.getElementById(this.getAttribute("for"));
    await navigator.clipboard.writeText(source.textContent.trim());
    this.button.textContent = this.getAttribute("done") ?? "Copied";
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { this.button.textContent = this.word; }, 4000);
  }
}

customElements.define("copy-text", CopyText);
