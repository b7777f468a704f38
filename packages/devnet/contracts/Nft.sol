// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";

/// An ERC-721 collection that anyone may mint.
contract Nft is ERC721 {
    constructor() ERC721("", "") {}

    function mint(address to, uint256 id) external {
        _mint(to, id);
    }

    function name() public pure override returns (string memory) {
        return "Devnet Collection";
    }

    function symbol() public pure override returns (string memory) {
        return "NFT";
    }

    function _baseURI() internal pure override returns (string memory) {
        return "data:,";
    }
}
