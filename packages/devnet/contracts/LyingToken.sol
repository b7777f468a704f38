// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// A token that no wallet should believe. Its decimals lie, its symbol reads as another token's, and its transfers
/// may answer `false` without moving anything. Works without a constructor, so that its runtime code is all of it.
contract LyingToken {
    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    enum Lie {
        Huge, // 2 ** 200
        Flip, // 6 in even blocks, 18 in odd ones
        Set // whatever setDecimals() was given
    }

    Lie public lie;
    bool public refuses;
    uint256 private _decimals;
    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    function setLie(Lie next) external {
        lie = next;
    }

    function setDecimals(uint256 next) external {
        lie = Lie.Set;
        _decimals = next;
    }

    /// When true, transfers return `false`, move nothing and do not revert.
    function setRefuses(bool next) external {
        refuses = next;
    }

    function decimals() external view returns (uint256) {
        if (lie == Lie.Huge) return 2 ** 200;
        if (lie == Lie.Flip) return block.number % 2 == 0 ? 6 : 18;
        return _decimals;
    }

    /// U+202E (right-to-left override), "TDSU", U+200B (zero width space): on a screen it reads "USDT".
    function symbol() external pure returns (string memory) {
        return string(hex"e280ae54445355e2808b");
    }

    /// "Tether", U+200B (zero width space), " USD".
    function name() external pure returns (string memory) {
        return string(hex"546574686572e2808b20555344");
    }

    function mint(address to, uint256 amount) external {
        totalSupply += amount;
        balanceOf[to] += amount;
        emit Transfer(address(0), to, amount);
    }

    function approve(address spender, uint256 value) external returns (bool) {
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
        return true;
    }

    function transfer(address to, uint256 value) external returns (bool) {
        return _move(msg.sender, to, value);
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        if (!refuses) allowance[from][msg.sender] -= value;
        return _move(from, to, value);
    }

    function _move(address from, address to, uint256 value) private returns (bool) {
        if (refuses) return false;
        balanceOf[from] -= value;
        balanceOf[to] += value;
        emit Transfer(from, to, value);
        return true;
    }
}
